/**
 * The statements behind server-facts.ts, valid on every major from 14 to 18 unless a function takes the
 * version. They read catalogues and views only and take no lock that could hold anybody up.
 */

const currentWal = `CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
  ELSE pg_current_wal_flush_lsn() END`;

const slotColumns = `slot_name, plugin, slot_type, database, temporary, active, active_pid, restart_lsn,
  confirmed_flush_lsn, wal_status, safe_wal_size, pg_wal_lsn_diff(${currentWal}, restart_lsn)::text
  AS retained_bytes`;

/** Texts of SQL. */
export const queries = {
  basics: `SELECT current_setting('server_version_num') AS version_number,
    version() AS version_text,
    pg_is_in_recovery() AS in_recovery,
    current_setting('block_size') AS block_bytes,
    current_setting('wal_block_size') AS wal_block_bytes,
    pg_size_bytes(current_setting('wal_segment_size')) AS wal_segment_bytes,
    (SELECT setting FROM pg_settings WHERE name = 'segment_size') AS segment_blocks,
    current_setting('data_checksums') AS data_checksums,
    current_setting('wal_level') AS wal_level,
    current_setting('max_wal_senders') AS max_wal_senders,
    current_setting('synchronous_standby_names') AS synchronous_standby_names,
    current_setting('archive_mode') AS archive_mode,
    (SELECT setting FROM pg_settings WHERE name = 'archive_timeout') AS archive_timeout,
    (SELECT setting FROM pg_settings WHERE name = 'archive_command') AS archive_command,
    (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS data_directory,
    (SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries') AS preload_libraries,
    EXISTS (SELECT FROM pg_settings WHERE name = 'shared_preload_libraries') AS preload_visible`,
  controlSystem: `SELECT * FROM pg_control_system()`,
  controlCheckpoint: `SELECT * FROM pg_control_checkpoint()`,
  timeline: `SELECT CASE
    WHEN pg_is_in_recovery() THEN coalesce(
      (SELECT received_tli FROM pg_stat_get_wal_receiver()),
      (SELECT timeline_id FROM pg_control_checkpoint()))
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
    END AS timeline`,
  settings: `SELECT name, setting, unit, vartype, context, source, sourcefile, sourceline, boot_val,
    reset_val, pending_restart FROM pg_settings ORDER BY name`,
  hbaRules: `SELECT * FROM pg_hba_file_rules`,
  identMappings: `SELECT * FROM pg_ident_file_mappings`,
  configurationFiles: `SELECT name AS setting, setting AS path FROM pg_settings
      WHERE name IN ('config_file', 'hba_file', 'ident_file') AND setting <> ''
    UNION ALL
    SELECT DISTINCT 'include', sourcefile FROM pg_settings WHERE sourcefile IS NOT NULL
      AND sourcefile NOT IN (SELECT setting FROM pg_settings WHERE name = 'config_file')
    ORDER BY 1, 2`,
  fileText: `SELECT pg_read_file($1, 0, $2::bigint) AS text`,
  tablespaces: `SELECT oid, spcname, pg_get_userbyid(spcowner) AS owner,
    pg_tablespace_location(oid) AS location, spcoptions FROM pg_tablespace ORDER BY oid`,
  databases: (versionNumber: number): string => {
    const actual =
      versionNumber >= 150_000
        ? ", pg_database_collation_actual_version(d.oid) AS actual_version"
        : "";
    return `SELECT d.*, pg_encoding_to_char(d.encoding) AS encoding_name,
      pg_get_userbyid(d.datdba) AS owner${actual} FROM pg_database d ORDER BY d.oid`;
  },
  extensions: `SELECT e.extname, e.extversion, n.nspname AS schema FROM pg_extension e
    JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY 1`,
  collations: `SELECT c.oid, c.collname, c.collprovider, c.collversion,
    pg_collation_actual_version(c.oid) AS actual_version
    FROM pg_collation c
    WHERE c.collprovider IN ('i', 'c', 'd') AND c.oid IN (
      SELECT attcollation FROM pg_attribute WHERE attcollation <> 0 AND attnum > 0
      UNION SELECT unnest(indcollation::oid[]) FROM pg_index)
    ORDER BY c.oid`,
  slots: `SELECT ${slotColumns} FROM pg_replication_slots ORDER BY slot_name`,
  slot: `SELECT ${slotColumns} FROM pg_replication_slots WHERE slot_name = $1`,
  resourceManagers: `SELECT rm_id, rm_name FROM pg_get_wal_resource_managers() WHERE NOT rm_builtin
    ORDER BY 1`,
  walSenders: `SELECT * FROM pg_stat_replication`,
  role: `SELECT r.rolname, r.rolsuper, r.rolreplication, r.rolcreaterole, r.rolcreatedb, r.rolbypassrls,
    r.rolconnlimit, r.rolvaliduntil, pg_has_role(r.oid, 'pg_read_all_settings', 'member')
      AS reads_all_settings,
    pg_has_role(r.oid, 'pg_read_all_data', 'member') AS reads_all_data,
    pg_has_role(r.oid, 'pg_monitor', 'member') AS monitors
    FROM pg_roles r WHERE r.rolname = current_user`,
} as const;
