/** Databases with what tends to get lost on the way through a dump: odd names, owners, kinds of objects, large objects. */
import type { DebianCluster } from "./debian-cluster.ts";

/** A database whose name is a connection string, has quotes and an accent. */
export const ODD_DATABASE = `a=b 'q' "x" é`;

/** The second one; everything is in it. */
export const SHOP = "shop";

const ROLES = `CREATE ROLE "Owner é"; CREATE ROLE reader; CREATE ROLE plain LOGIN PASSWORD 'plain word'`;

const CONTENT = `
CREATE EXTENSION pg_trgm;
CREATE SCHEMA "odd schéma";
CREATE TABLE "odd schéma"."t ""1"" = x" (id serial PRIMARY KEY, v text, g int GENERATED ALWAYS AS (length(v)) STORED);
INSERT INTO "odd schéma"."t ""1"" = x" (v) SELECT repeat('x', i % 50) FROM generate_series(1, 1000) i;
CREATE TABLE parts (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL, x int CHECK (x >= 0)) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO parts (at, x) SELECT date '2020-01-01' + (i % 700), i FROM generate_series(1, 5000) i;
CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS c FROM parts;
CREATE UNIQUE INDEX ON mv (c);
CREATE VIEW vv AS SELECT * FROM parts WHERE x > 5;
CREATE TABLE secrets (who text);
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secrets USING (who = current_user);
INSERT INTO secrets VALUES ('a'), ('b');
ALTER TABLE secrets OWNER TO "Owner é";
GRANT SELECT ON secrets TO reader;
CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql AS 'select i + 1';
CREATE TRIGGER tr BEFORE UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE parts ADD CONSTRAINT later CHECK (x < 100000000) NOT VALID;
SELECT lo_from_bytea(0, decode(repeat('ab', 100000), 'hex')), lo_from_bytea(0, '\\x00');
CREATE TYPE en AS ENUM ('a', 'b');
CREATE DOMAIN dom AS int CHECK (VALUE > 0);
CREATE TABLE refs (id int REFERENCES "odd schéma"."t ""1"" = x" (id), e en, d dom);
INSERT INTO refs SELECT i, 'a', i FROM generate_series(1, 100) i;
CREATE SEQUENCE falling INCREMENT -2;
SELECT nextval('falling'), nextval('falling');
CREATE STATISTICS st ON id, v FROM "odd schéma"."t ""1"" = x";
CREATE TABLE large (id int PRIMARY KEY, pad text);
INSERT INTO large SELECT i, md5(i::text) || repeat(md5((i * 7)::text), 6) FROM generate_series(1, 300000) i;
`;

/** Makes both. `large` is large enough for a stream of its own. */
export async function makeOddDatabases(cluster: DebianCluster): Promise<void> {
  await cluster.withClient(async (client) => {
    await client.query(ROLES);
    await client.query(`CREATE DATABASE "${ODD_DATABASE.replaceAll('"', '""')}" OWNER "Owner é"`);
    await client.query(`CREATE DATABASE ${SHOP}`);
  });
  await cluster.withClient((client) => client.query(CONTENT), SHOP);
}
