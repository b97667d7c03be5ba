extension CatalogSchema {
  /// When each file went through each stage, and the indexes by which a status is told, and the next hook to call is
  /// found, at once in a large catalog.
  static let stages = """
    ALTER TABLE frame ADD COLUMN seen_at REAL;
    ALTER TABLE frame ADD COLUMN associated_at REAL;
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
    """
}
