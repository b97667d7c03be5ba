import CfgFormat

/// The archive's settings, each with where it came from: flag > environment > file > built-in.
public struct ArchiveSettings: Sendable {
  /// Where a value came from.
  public enum Origin: Sendable, Hashable, CustomStringConvertible {
    case builtIn
    case file(path: String, line: Int)
    /// Name of the variable.
    case environment(String)
    /// The flag as given, e.g. `--poll`.
    case flag(String)

    public var description: String {
      switch self {
      case .builtIn: "built-in"
      case .file(let path, let line): "\(path):\(line)"
      case .environment(let name): "environment \(name)"
      case .flag(let name): "flag \(name)"
      }
    }
  }

  /// A value as text says it, as it is understood, and its origin.
  public struct Resolved: Sendable, Hashable {
    public let text: String
    public let value: SettingValue
    public let origin: Origin
  }

  /// The cfg below an archive's root.
  public static let relativePath = "config/irisarchive.cfg"
  /// The catalog below an archive's root: fixed, because everything else can be rebuilt from it.
  public static let catalogRelativePath = "catalog/catalog.sqlite"

  let resolved: [SettingKey: Resolved]

  init(resolved: [SettingKey: Resolved]) {
    self.resolved = resolved
  }

  /// The built-in settings.
  public init() {
    resolved = Dictionary(
      uniqueKeysWithValues: SettingKey.allCases.compactMap { key in
        Self.read(key.definition.builtIn, key, .builtIn).map { (key, $0) }
      })
  }

  /// Merges all sources.
  ///
  /// - Parameters:
  ///   - document: the parsed `irisarchive.cfg`, nil for none.
  ///   - environment: variables; those named as `SettingKey.environmentVariable` count, and `CRDS_CONTEXT`
  /// for
  ///     `rules.context` when it names a `tmt_….pmap`. `CRDS_PATH` does not: the archive writes into its
  /// rules.
  ///   - flags: values given on the command line, with the flag's name.
  /// - Throws: `SettingsError` naming file and line, variable or flag, with near matches for unknown names.
  public init(
    document: CfgDocument?, environment: [String: String] = [:],
    flags: [SettingKey: (flag: String, value: String)] = [:]
  ) throws(SettingsError) {
    var resolved = ArchiveSettings().resolved
    if let document { try Self.merge(document, into: &resolved) }
    for key in SettingKey.allCases {
      if key == .context, let context = environment["CRDS_CONTEXT"], context.hasPrefix("tmt_"),
        context.hasSuffix(".pmap")
      {
        resolved[key] = try Self.checked([context], key, .environment("CRDS_CONTEXT"))
      }
      if let text = environment[key.environmentVariable] {
        resolved[key] = try Self.checked(Self.items(text, key), key, .environment(key.environmentVariable))
      }
    }
    for (key, given) in flags {
      resolved[key] = try Self.checked(Self.items(given.value, key), key, .flag(given.flag))
    }
    self.resolved = resolved
  }

  /// Reads the cfg's text and merges all sources.
  ///
  /// - Throws: `SettingsError`; a fault of syntax has the `CfgError` as `underlying`.
  public init(
    text: String, path: String, environment: [String: String] = [:],
    flags: [SettingKey: (flag: String, value: String)] = [:]
  ) throws(SettingsError) {
    let document: CfgDocument
    do {
      document = try CfgDocument(text: text, path: path)
    } catch {
      throw SettingsError(
        "settings-syntax", error.message, error.subject, hint: error.hint, underlying: error)
    }
    try self.init(document: document, environment: environment, flags: flags)
  }

  // MARK: reading

  /// The value and origin of one setting.
  public subscript(_ key: SettingKey) -> Resolved {
    resolved[key] ?? Resolved(text: "", value: .text(""), origin: .builtIn)
  }

  /// Every setting in the order of the cfg: what `irisarchive config show --origin` prints.
  public var all: [(key: SettingKey, resolved: Resolved)] {
    SettingKey.allCases.map { ($0, self[$0]) }
  }

  // MARK: merging

  private static func items(_ text: String, _ key: SettingKey) -> [String] {
    guard key.definition.kind == .list else { return [text] }
    return text.split(separator: ",").map { item in
      let trimmed = item.drop { $0 == " " }
      return String(trimmed.reversed().drop { $0 == " " }.reversed())
    }
  }

  private static func read(_ items: [String], _ key: SettingKey, _ origin: Origin) -> Resolved? {
    let definition = key.definition
    guard let value = SettingValue(items, kind: definition.kind, range: definition.range) else { return nil }
    if case .text(let text) = value, !definition.choices.isEmpty, !definition.choices.contains(text) {
      return nil
    }
    let text = definition.kind == .list ? CfgValue.list(items).cfgText : items.joined()
    return Resolved(text: text, value: value, origin: origin)
  }

  private static func checked(
    _ items: [String], _ key: SettingKey, _ origin: Origin
  ) throws(SettingsError) -> Resolved {
    guard let resolved = read(items, key, origin) else {
      throw SettingsError(
        "settings-value", "'\(items.joined(separator: ", "))' will not do for \(key.rawValue)",
        origin.description, hint: expectation(key, items))
    }
    return resolved
  }

  private static func expectation(_ key: SettingKey, _ items: [String]) -> String {
    let definition = key.definition
    if !definition.choices.isEmpty {
      let near = nearMatchHint(of: items.joined(), in: definition.choices)
      return near ?? "one of \(definition.choices.joined(separator: ", "))"
    }
    let range = definition.range.map { " from \(number($0.lowerBound)) to \(number($0.upperBound))" } ?? ""
    let unit = definition.unit.isEmpty || range.isEmpty ? "" : " \(definition.unit)"
    switch definition.kind {
    case .boolean: return "true or false"
    case .duration: return "a time such as '90 s', '10 min', '1 h'" + range + unit
    case .size: return "a size such as '500 MB', '4 GiB'" + range + unit
    case .timeOfDay: return "a time of day such as '22:00'"
    case .integer: return "a whole number" + range
    default: return "a \(definition.kind.rawValue)" + range
    }
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e16 ? String(Int(value)) : String(value)
  }

  private static func merge(
    _ document: CfgDocument, into resolved: inout [SettingKey: Resolved]
  ) throws(SettingsError) {
    if let stray = document.root.entries.first {
      throw unknown(
        "settings-unknown-key", "'\(stray.key)' stands outside any section", document, stray.line,
        SettingKey.allCases.filter { $0.key == stray.key }.map { "[\($0.section)] \($0.key)" }.first.map {
          "it belongs to \($0)"
        })
    }
    for section in document.root.sections {
      let keys = SettingKey.allCases.filter { $0.section == section.name }
      guard !keys.isEmpty else {
        throw unknown(
          "settings-unknown-section", "there is no section [\(section.name)]", document, section.line,
          nearMatchHint(of: section.name, in: SettingKey.sections))
      }
      if let inner = section.sections.first {
        throw unknown(
          "settings-unknown-section", "[\(section.name)] has no subsections", document, inner.line, nil)
      }
      for entry in section.entries {
        guard let key = keys.first(where: { $0.key == entry.key }) else {
          throw unknown(
            "settings-unknown-key", "[\(section.name)] has no setting '\(entry.key)'", document, entry.line,
            hint(for: entry.key, keys))
        }
        resolved[key] = try checked(
          entry.value.list ?? [], key, .file(path: document.path, line: entry.line))
      }
    }
  }

  /// Near matches in the section, else the section that has a setting of this name.
  private static func hint(for name: String, _ keys: [SettingKey]) -> String? {
    if let near = nearMatchHint(of: name, in: keys.map(\.key)) { return near }
    return SettingKey.allCases.first { $0.key == name }.map { "it belongs to [\($0.section)]" }
  }

  private static func unknown(
    _ code: String, _ message: String, _ document: CfgDocument, _ line: Int, _ hint: String?
  ) -> SettingsError {
    SettingsError(code, message, "\(document.path):\(line)", hint: hint)
  }
}
