import CatalogStore

/// Which job goes first: lower ones do. Within one kind of work the rule says it (calibrations before science).
package enum JobPriority {
  /// Better versions of what was taken long ago give way to what is being taken; both go before what a person asked
  /// for.
  static let remake = 500
  /// Frames that came this long ago, seconds, are of another night.
  static let night = 43_200.0

  /// - Parameters:
  ///   - rule: the association rule's own priority.
  ///   - isRequested: a person asked for it to be made again.
  ///   - version: of the product to be made.
  ///   - age: seconds since the newest member came.
  package static func of(rule: Int, isRequested: Bool, version: Int, age: Double) -> Int {
    if isRequested { return rule + ReprocessRequest.priorityOffset }
    return version > 1 && age > night ? rule + remake : rule
  }
}
