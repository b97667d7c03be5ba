extension CatalogSchema {
  /// What ties readouts and frames of one exposure together: detector and exposure number, and which of several level 1
  /// frames of an exposure is only an alternative to another.
  static let readouts = """
    ALTER TABLE frame ADD COLUMN detector_exposure TEXT CHECK (detector_exposure <> '');
    ALTER TABLE frame ADD COLUMN alternative_of INTEGER REFERENCES frame(id);
    CREATE INDEX frame_detector_exposure ON frame(detector_exposure, date_obs)
      WHERE detector_exposure IS NOT NULL;
    CREATE INDEX frame_alternative ON frame(alternative_of) WHERE alternative_of IS NOT NULL;
    """
}
