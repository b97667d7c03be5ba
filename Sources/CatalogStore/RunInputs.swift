import JobContract

/// Inputs of a run as SQL conditions.
enum RunInputs {
  /// What a run was really made of: an exposure that only preceded it, for the sake of its afterimage, is none.
  ///
  /// - Parameter alias: of the table `run_input` in the query.
  static func real(_ alias: String) -> String { "\(alias).role <> '\(PreviousExposure.role)'" }
}
