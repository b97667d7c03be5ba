extension CatalogSchema {
  /// What late frames, staleness, reprocessing and nights need: the time span of each association (so that a late
  /// frame finds its set by an index), the causes a product is stale for, requests to reprocess, the state a missing
  /// file had, and indexes of what people search by.
  static let lateness = """
    ALTER TABLE association ADD COLUMN begins REAL;
    ALTER TABLE association ADD COLUMN ends REAL;
    ALTER TABLE association ADD COLUMN recheck INTEGER NOT NULL DEFAULT 0 CHECK (recheck IN (0, 1));
    UPDATE association SET
      begins = (SELECT min(coalesce(f.date_obs, f.arrived_at)) FROM member m JOIN frame f ON f.id = m.frame_id
        WHERE m.association_id = association.id),
      ends = (SELECT max(coalesce(f.date_end, f.date_obs, f.arrived_at)) FROM member m
        JOIN frame f ON f.id = m.frame_id WHERE m.association_id = association.id);
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
    INSERT INTO stale_cause SELECT q.frame_id, 'earlier', f.reason, f.recorded_at
      FROM product q JOIN frame f ON f.id = q.frame_id WHERE f.state = 'stale';
    CREATE TABLE request (
      association_id INTEGER PRIMARY KEY REFERENCES association(id),
      priority INTEGER NOT NULL,
      forced INTEGER NOT NULL CHECK (forced IN (0, 1)),
      reason TEXT NOT NULL CHECK (reason <> ''),
      asked_at REAL NOT NULL
    ) STRICT;
    ALTER TABLE job ADD COLUMN software TEXT;
    ALTER TABLE job ADD COLUMN configuration TEXT;
    CREATE TABLE night (
      name TEXT PRIMARY KEY CHECK (name <> ''),
      touched_at REAL NOT NULL,
      closed_at REAL,
      reason TEXT
    ) STRICT, WITHOUT ROWID;
    INSERT INTO night (name, touched_at) SELECT night, max(recorded_at) FROM frame
      WHERE night <> '' AND origin = 'raw' GROUP BY night;
    CREATE INDEX night_open ON night(name) WHERE closed_at IS NULL;
    ALTER TABLE frame ADD COLUMN was_state TEXT;
    ALTER TABLE frame ADD COLUMN was_reason TEXT;
    DROP INDEX frame_obsname;
    CREATE INDEX frame_obsname ON frame(obsname, date_obs, state);
    CREATE INDEX frame_night ON frame(night, date_obs, state);
    CREATE INDEX frame_object ON frame(object, date_obs, state);
    CREATE INDEX frame_position ON frame(dec, ra, state) WHERE dec IS NOT NULL;
    """
}
