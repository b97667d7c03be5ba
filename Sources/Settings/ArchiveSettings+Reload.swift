extension SettingKey {
  /// True for what a running daemon cannot change: where its files are, how it watches, and what is kept for its
  /// catalog.
  public var needsRestart: Bool {
    switch self {
    case .incoming, .products, .work, .logs, .rulesCache, .pollInterval, .diskBallast: true
    default: false
    }
  }
}

extension ArchiveSettings {
  /// Settings whose values differ from those of `old`, in the order of the cfg.
  public func changes(from old: ArchiveSettings) -> [SettingKey] {
    SettingKey.allCases.filter { self[$0].value != old[$0].value }
  }

  /// These settings, with those that need a restart as `old` has them.
  public func keepingFixed(of old: ArchiveSettings) -> ArchiveSettings {
    ArchiveSettings(
      resolved: resolved.merging(
        SettingKey.allCases.filter(\.needsRestart).map { ($0, old[$0]) },
        uniquingKeysWith: { _, kept in kept }))
  }
}
