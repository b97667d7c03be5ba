CREATE TABLE content (
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  recorded_at REAL NOT NULL
) STRICT;

CREATE TABLE frame (
  id INTEGER PRIMARY KEY,
  content_id INTEGER REFERENCES content(id),
  origin TEXT NOT NULL CHECK (origin IN ('raw', 'product')),
  name TEXT NOT NULL CHECK (name <> ''),
  state TEXT NOT NULL,
  reason TEXT,
  degraded TEXT,
  kind TEXT NOT NULL DEFAULT '',
  level INTEGER CHECK (level BETWEEN 0 AND 3),
  obstype TEXT NOT NULL DEFAULT '',
  obsname TEXT NOT NULL DEFAULT 'UNKNOWN',
  detector TEXT,
  filter TEXT,
  object TEXT,
  program TEXT,
  observation TEXT,
  night TEXT,
  date_obs REAL,
  date_end REAL,
  exptime REAL,
  ra REAL CHECK (ra BETWEEN 0 AND 360),
  dec REAL CHECK (dec BETWEEN -90 AND 90),
  exposure_key TEXT,
  fields TEXT NOT NULL DEFAULT '{}' CHECK (fields GLOB '{*}'),
  quality TEXT NOT NULL DEFAULT 'UNKNOWN' CHECK (quality IN ('GOOD', 'BAD', 'UNKNOWN')),
  arrived_at REAL NOT NULL,
  recorded_at REAL NOT NULL,
  associated INTEGER NOT NULL DEFAULT 0 CHECK (associated IN (0, 1)), was_state TEXT, was_reason TEXT, seen_at REAL, associated_at REAL, detector_exposure TEXT CHECK (detector_exposure <> ''), alternative_of INTEGER REFERENCES frame(id),
  CHECK ((origin = 'raw' AND state IN
      ('received', 'classified', 'held', 'quarantined', 'duplicate', 'missing'))
    OR (origin = 'product' AND state IN ('current', 'stale', 'superseded', 'missing'))),
  CHECK (state NOT IN ('held', 'quarantined', 'duplicate', 'stale', 'missing') OR length(reason) > 0),
  CHECK (content_id IS NOT NULL OR state IN ('quarantined', 'missing'))
) STRICT;

CREATE UNIQUE INDEX frame_raw_content ON frame(content_id)
  WHERE origin = 'raw' AND state <> 'duplicate';

CREATE INDEX frame_name ON frame(name);

CREATE INDEX frame_date ON frame(date_obs);

CREATE INDEX frame_unassociated ON frame(id) WHERE associated = 0;

CREATE INDEX frame_state ON frame(state, date_obs);

CREATE INDEX frame_exposure ON frame(exposure_key) WHERE exposure_key IS NOT NULL;

CREATE TABLE place (
  path TEXT PRIMARY KEY,
  frame_id INTEGER NOT NULL UNIQUE REFERENCES frame(id),
  device INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE header (
  content_id INTEGER NOT NULL REFERENCES content(id),
  hdu INTEGER NOT NULL CHECK (hdu >= 0),
  extname TEXT NOT NULL,
  text_bytes INTEGER NOT NULL,
  deflated BLOB NOT NULL,
  PRIMARY KEY (content_id, hdu)
) STRICT, WITHOUT ROWID;

CREATE TABLE keyword (
  keyword TEXT NOT NULL,
  value TEXT NOT NULL,
  frame_id INTEGER NOT NULL REFERENCES frame(id),
  PRIMARY KEY (keyword, value, frame_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE notice (
  id INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  subject TEXT NOT NULL,
  sentence TEXT NOT NULL
) STRICT;

CREATE TABLE fact (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE association (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  rule TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  bucket TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'held', 'closed', 'refused')),
  reason TEXT,
  degraded TEXT,
  declared INTEGER,
  opened_at REAL NOT NULL,
  touched_at REAL NOT NULL,
  closed_at REAL,
  due_at REAL,
  settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)), begins REAL, ends REAL, recheck INTEGER NOT NULL DEFAULT 0 CHECK (recheck IN (0, 1)),
  CHECK (state <> 'refused' OR length(reason) > 0)
) STRICT;

CREATE INDEX association_bucket ON association(rule, bucket, state);

CREATE INDEX association_unsettled ON association(rule, id) WHERE settled = 0;

CREATE INDEX association_open ON association(rule, bucket) WHERE state = 'open';

CREATE TABLE member (
  association_id INTEGER NOT NULL REFERENCES association(id),
  frame_id INTEGER NOT NULL REFERENCES frame(id),
  exptype TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  level INTEGER,
  distance REAL,
  PRIMARY KEY (association_id, frame_id, exptype)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_frame ON member(frame_id);

CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  association_id INTEGER NOT NULL REFERENCES association(id),
  pipeline TEXT NOT NULL,
  key TEXT NOT NULL CHECK (length(key) = 64),
  state TEXT NOT NULL CHECK (state IN
    ('waiting', 'queued', 'running', 'done', 'failed', 'cancelled', 'dead')),
  reason TEXT,
  priority INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before REAL NOT NULL DEFAULT 0,
  spec TEXT NOT NULL CHECK (spec GLOB '{*}'),
  instance TEXT,
  created_at REAL NOT NULL,
  started_at REAL,
  ended_at REAL, software TEXT, configuration TEXT, memory_bytes INTEGER CHECK (memory_bytes > 0), cancel TEXT CHECK (cancel <> ''),
  CHECK (state NOT IN ('failed', 'dead') OR length(reason) > 0),
  CHECK ((state = 'running') = (instance IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX job_key ON job(key) WHERE state IN ('waiting', 'queued', 'running', 'done');

CREATE INDEX job_any_key ON job(key);

CREATE INDEX job_state ON job(state, priority, id);

CREATE INDEX job_association ON job(association_id);

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  job_id INTEGER NOT NULL REFERENCES job(id),
  attempt INTEGER NOT NULL CHECK (attempt > 0),
  token TEXT NOT NULL,
  folder TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'lost')),
  reason TEXT,
  exit_code INTEGER,
  seconds REAL,
  peak_bytes INTEGER,
  software TEXT,
  started_at REAL NOT NULL,
  ended_at REAL, ended_by TEXT, signal INTEGER, memory_bytes INTEGER,
  UNIQUE (job_id, attempt)
) STRICT;

CREATE TABLE step (
  run_id INTEGER NOT NULL REFERENCES run(id),
  ordinal INTEGER NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('COMPLETE', 'SKIPPED', 'FAILED')),
  reason TEXT,
  seconds REAL NOT NULL,
  parameters TEXT NOT NULL CHECK (parameters GLOB '{*}'), peak_bytes INTEGER,
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_input (
  run_id INTEGER NOT NULL REFERENCES run(id),
  ordinal INTEGER NOT NULL,
  role TEXT NOT NULL,
  frame_id INTEGER NOT NULL REFERENCES frame(id),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  PRIMARY KEY (run_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_input_frame ON run_input(frame_id);

CREATE TABLE run_reference (
  run_id INTEGER NOT NULL REFERENCES run(id),
  type TEXT NOT NULL,
  origin TEXT NOT NULL CHECK (origin IN ('override', 'context', 'single', 'notApplicable', 'none')),
  file TEXT,
  sha256 TEXT,
  context TEXT,
  rule TEXT,
  useafter TEXT,
  level INTEGER,
  distance REAL,
  last_resort INTEGER NOT NULL,
  reason TEXT,
  PRIMARY KEY (run_id, type),
  CHECK ((sha256 IS NOT NULL) = (origin IN ('override', 'context', 'single'))),
  CHECK (origin <> 'none' OR length(reason) > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_reference_sha ON run_reference(sha256);

CREATE TABLE product (
  frame_id INTEGER PRIMARY KEY REFERENCES frame(id),
  run_id INTEGER NOT NULL REFERENCES run(id),
  association_id INTEGER NOT NULL REFERENCES association(id),
  kind TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  superseded_by INTEGER REFERENCES product(frame_id),
  quality TEXT NOT NULL CHECK (quality GLOB '{*}'),
  UNIQUE (association_id, kind, version)
) STRICT;

CREATE TABLE reference (
  file TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  frame_id INTEGER REFERENCES frame(id),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  epoch REAL NOT NULL,
  row_key TEXT NOT NULL,
  context TEXT,
  state TEXT NOT NULL CHECK (state IN ('inserted', 'refused')),
  reason TEXT,
  CHECK (state <> 'refused' OR length(reason) > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX reference_row ON reference(type, row_key, epoch);

CREATE INDEX reference_frame ON reference(frame_id);

CREATE TABLE context (
  name TEXT PRIMARY KEY,
  made_at REAL NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  ordinal INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  time REAL NOT NULL,
  data TEXT NOT NULL CHECK (data GLOB '{*}'),
  dispatched INTEGER NOT NULL DEFAULT 0 CHECK (dispatched IN (0, 1))
) STRICT;

CREATE INDEX event_waiting ON event(ordinal) WHERE dispatched = 0;

CREATE TABLE delivery (
  event INTEGER NOT NULL REFERENCES event(ordinal),
  hook TEXT NOT NULL,
  subject TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed', 'dead')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at REAL NOT NULL DEFAULT 0,
  reason TEXT,
  ended_at REAL,
  PRIMARY KEY (event, hook)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_pending ON delivery(next_at) WHERE state = 'pending';

CREATE INDEX delivery_order ON delivery(hook, subject, event) WHERE state = 'pending';

CREATE INDEX association_time ON association(rule, bucket, ends);

CREATE INDEX association_recheck ON association(id) WHERE recheck = 1;

CREATE INDEX product_superseded ON product(superseded_by) WHERE superseded_by IS NOT NULL;

CREATE TABLE stale_cause (
  frame_id INTEGER NOT NULL REFERENCES product(frame_id),
  cause TEXT NOT NULL CHECK (cause <> ''),
  reason TEXT NOT NULL CHECK (reason <> ''),
  at REAL NOT NULL,
  PRIMARY KEY (frame_id, cause)
) STRICT, WITHOUT ROWID;

CREATE INDEX stale_cause_cause ON stale_cause(cause);

CREATE TABLE request (
  association_id INTEGER PRIMARY KEY REFERENCES association(id),
  priority INTEGER NOT NULL,
  forced INTEGER NOT NULL CHECK (forced IN (0, 1)),
  reason TEXT NOT NULL CHECK (reason <> ''),
  asked_at REAL NOT NULL
) STRICT;

CREATE TABLE night (
  name TEXT PRIMARY KEY CHECK (name <> ''),
  touched_at REAL NOT NULL,
  closed_at REAL,
  reason TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX night_open ON night(name) WHERE closed_at IS NULL;

CREATE INDEX frame_obsname ON frame(obsname, date_obs, state);

CREATE INDEX frame_night ON frame(night, date_obs, state);

CREATE INDEX frame_object ON frame(object, date_obs, state);

CREATE INDEX frame_position ON frame(dec, ra, state) WHERE dec IS NOT NULL;

CREATE INDEX frame_content ON frame(content_id);

CREATE INDEX frame_raw_state ON frame(state) WHERE origin = 'raw';

CREATE INDEX frame_product_state ON frame(state) WHERE origin = 'product';

CREATE INDEX frame_recorded ON frame(recorded_at) WHERE origin = 'raw';

CREATE INDEX frame_degraded ON frame(id) WHERE degraded IS NOT NULL;

CREATE INDEX association_waiting ON association(id)
  WHERE state IN ('open', 'held') OR (state = 'closed' AND settled = 0);

CREATE INDEX event_subject ON event(subject, type);

CREATE INDEX delivery_state ON delivery(state);

CREATE INDEX delivery_turn ON delivery(hook, next_at, event) WHERE state = 'pending';

CREATE INDEX notice_subject ON notice(subject);

CREATE INDEX frame_detector_exposure ON frame(detector_exposure, date_obs)
  WHERE detector_exposure IS NOT NULL;

CREATE INDEX frame_alternative ON frame(alternative_of) WHERE alternative_of IS NOT NULL;

CREATE INDEX product_run ON product(run_id);

CREATE INDEX product_master ON product(frame_id)
  WHERE kind IN ('dark', 'flat', 'mask', 'photom', 'distortion');
