/**
 * What leads out of a restored database, closed in one statement: a copy knows the way to other servers, with passwords, and must not go.
 * Foreign data loses its handlers; functions of extensions that connect, functions that run with their owner's rights, and those in
 * languages that can do anything are taken from PUBLIC. Only ever in a throw-away copy, by a superuser.
 *
 * Follows src/backend/foreign/foreign.c (GetFdwRoutineByServerId) of PostgreSQL.
 */

/** Extensions whose functions reach beyond the server. */
const REACHING_OUT = [
  "dblink",
  "http",
  "pg_net",
  "plproxy",
  "aws_s3",
  "aws_lambda",
  "pg_background",
  "adminpack",
];

/** The statement. */
export const CLOSE_WAYS_OUT = `
DO $$
DECLARE
  door record;
BEGIN
  FOR door IN SELECT fdwname FROM pg_catalog.pg_foreign_data_wrapper WHERE fdwhandler <> 0 LOOP
    EXECUTE pg_catalog.format('ALTER FOREIGN DATA WRAPPER %I NO HANDLER', door.fdwname);
  END LOOP;
  FOR door IN
    SELECT p.oid::pg_catalog.regprocedure AS name
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
       AND (p.prosecdef
         OR (NOT l.lanpltrusted AND l.lanname NOT IN ('c', 'internal'))
         OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                      JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
                     WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
                       AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                       AND d.deptype = 'e' AND e.extname IN (${REACHING_OUT.map((name) => `'${name}'`).join(", ")})))
  LOOP
    EXECUTE pg_catalog.format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', door.name);
  END LOOP;
END
$$`;
