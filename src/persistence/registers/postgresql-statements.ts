/** Creates the registers: names compare byte by byte. The limits are those of `RegisterKey` and of values. */
export const CREATE = `
CREATE TABLE IF NOT EXISTS nfm_registers (
  partition text COLLATE "C" NOT NULL CHECK (octet_length(partition) <= 512),
  name text COLLATE "C" NOT NULL CHECK (octet_length(name) <= 512),
  value text NOT NULL CHECK (length(value) <= 120000),
  version text NOT NULL CHECK (octet_length(version) <= 128),
  expires_at bigint, -- milliseconds since the epoch
  PRIMARY KEY (partition, name)
);
CREATE INDEX IF NOT EXISTS nfm_registers_expires_at ON nfm_registers (expires_at) WHERE expires_at IS NOT NULL;
`;

/** Time of the server, in milliseconds since the epoch. */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::float8';

/** Most registers of a page. */
export const PAGE_ROWS = 1_000;
/** Size of the values, in bytes, after which a page ends. */
const PAGE_BYTES = 4 * 1024 * 1024;

export const GET = `SELECT value, version, ${NOW} AS time
  FROM (SELECT 1) AS one LEFT JOIN nfm_registers ON partition = $1 AND name = $2`;

export const REPLACE = `UPDATE nfm_registers SET value = $3, version = $4, expires_at = $5
  WHERE partition = $1 AND name = $2 AND version = $6 RETURNING ${NOW} AS time`;

/** Each new register may remove ten expired ones, so that their number cannot grow. The index needs a time that is stable. */
export const INSERT = `WITH removed AS (
    DELETE FROM nfm_registers WHERE ctid IN (
      SELECT ctid FROM nfm_registers WHERE expires_at < (extract(epoch FROM statement_timestamp()) * 1000)::bigint AND (partition, name) <> ($1, $2)
      LIMIT 10 FOR UPDATE SKIP LOCKED))
  INSERT INTO nfm_registers (partition, name, value, version, expires_at) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING RETURNING ${NOW} AS time`;

export const PAGE = `WITH page AS (
    SELECT name, value, version, sum(octet_length(value)) OVER (ORDER BY name) - octet_length(value) AS before
    FROM nfm_registers WHERE partition = $1 AND ($2::text IS NULL OR name > $2) ORDER BY name LIMIT ${PAGE_ROWS})
  SELECT name, value, version, (SELECT count(*) FROM page)::int AS found, ${NOW} AS time
  FROM (SELECT 1) AS one LEFT JOIN page ON before < ${PAGE_BYTES} ORDER BY name`;
