extension CatalogSchema {
  /// The products of a run are found by an index: without it every question of what was made of a frame went through
  /// all products that are in use.
  static let productRun = "CREATE INDEX product_run ON product(run_id);"

  /// Zero points and distortions are masters, too.
  static let masters = """
    DROP INDEX product_master;
    CREATE INDEX product_master ON product(frame_id)
      WHERE kind IN ('dark', 'flat', 'mask', 'photom', 'distortion');
    """
}
