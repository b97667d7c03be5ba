extension CatalogSchema {
  /// What the end of an attempt tells (how it ended, by which signal, under which limit of memory), the memory of the
  /// next attempt of a job that ran out of it, and who wants a job cancelled.
  static let queue = """
    ALTER TABLE job ADD COLUMN memory_bytes INTEGER CHECK (memory_bytes > 0);
    ALTER TABLE job ADD COLUMN cancel TEXT CHECK (cancel <> '');
    ALTER TABLE run ADD COLUMN ended_by TEXT;
    ALTER TABLE run ADD COLUMN signal INTEGER;
    ALTER TABLE run ADD COLUMN memory_bytes INTEGER;
    CREATE INDEX frame_content ON frame(content_id);
    """
}
