import Foundation

/// Where mappings and references lie below a `CRDS_PATH`: the published layout, or everything flat.
public struct RulesCache: Sendable, Hashable {
  /// The folder that `CRDS_PATH` names.
  public let path: String
  /// Lower case, e.g. `tmt`.
  public let observatory: String
  /// Lower case, e.g. `iris`; subfolder of references in CRDS's `instrument` mode.
  public let instrument: String

  public init(path: String, observatory: String = "tmt", instrument: String = "iris") {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.observatory = observatory
    self.instrument = instrument
  }

  /// Folder of the mappings: `mappings/<observatory>`, else `mappings`, else the path itself, as they exist.
  public var mappingsFolder: String {
    let published = "\(path)/mappings/\(observatory)"
    if isFolder(published) { return published }
    if isFolder("\(path)/mappings") { return "\(path)/mappings" }
    return isFolder("\(path)/references") ? published : path
  }

  /// Folder that new references go to: `references/<observatory>/<instrument>`, or the flat path when the
  /// mappings lie flat.
  public var referencesFolder: String {
    let folder = mappingsFolder
    return folder == path ? path : "\(path)/references/\(observatory)/\(instrument)"
  }

  /// Absolute path of a reference file, or nil when the cache does not hold it (or the name is not a bare
  /// name).
  public func referencePath(file: String) -> String? {
    guard Self.isBareName(file) else { return nil }
    let references = "\(path)/references"
    let folders = [
      "\(references)/\(observatory)/\(instrument)", "\(references)/\(observatory)", references, path,
    ]
    return folders.map { "\($0)/\(file)" }.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Names of the contexts (`.pmap`) in the cache, by number.
  public func contextNames() throws(ReferencesError) -> [String] {
    try names(in: mappingsFolder).filter { $0.hasSuffix(".pmap") && Self.isBareName($0) }
      .sorted { (NumberedName($0)?.number ?? 0, $0) < (NumberedName($1)?.number ?? 0, $1) }
  }

  /// Text of a mapping.
  func mappingText(_ name: String) throws(ReferencesError) -> String {
    guard Self.isBareName(name) else {
      throw ReferencesError("context-name", "not the bare name of a mapping", "'\(name)'")
    }
    let file = "\(mappingsFolder)/\(name)"
    guard let data = FileManager.default.contents(atPath: file) else {
      throw ReferencesError(
        "mapping-missing", "the mapping is not in the cache", file,
        hint: "check CRDS_PATH, or list what there is with: ls \(mappingsFolder)")
    }
    return String(decoding: data, as: UTF8.self)
  }

  func names(in folder: String) throws(ReferencesError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      let isThere = isFolder(path)
      throw ReferencesError(
        isThere ? "io" : "mapping-missing",
        isThere ? "the folder cannot be read" : "there is no such CRDS cache",
        isThere ? folder : path, hint: "set CRDS_PATH to a folder that holds mappings/\(observatory)",
        underlying: error)
    }
  }

  private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// True for names that cannot leave their folder: letters, digits, `_ . + -`, not beginning with `.` or
  /// `-`.
  static func isBareName(_ name: String) -> Bool {
    guard let first = name.utf8.first, PythonTokenizer.isNameByte(first), first != UInt8(ascii: ".") else {
      return false
    }
    return name.utf8.count <= 200
      && name.utf8.allSatisfy {
        PythonTokenizer.isNameByte($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
      }
  }
}

/// `tmt_iris_dark_0002.rmap` as family `tmt_iris_dark`, number 2 and extension `rmap`.
struct NumberedName: Sendable, Hashable {
  let family: String
  let number: Int
  let fileExtension: String

  init?(_ name: String) {
    guard let dot = name.lastIndex(of: "."), let bar = name[..<dot].lastIndex(of: "_") else { return nil }
    let digits = name[name.index(after: bar)..<dot]
    guard (4...18).contains(digits.count), digits.utf8.allSatisfy(PythonTokenizer.isDigit),
      let number = Int(digits)
    else {
      return nil
    }
    self.family = String(name[..<bar])
    self.number = number
    self.fileExtension = String(name[name.index(after: dot)...])
  }

  init(family: String, number: Int, fileExtension: String) {
    self.family = family
    self.number = number
    self.fileExtension = fileExtension
  }

  /// At least four digits.
  var text: String {
    let digits = String(number)
    return "\(family)_\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).\(fileExtension)"
  }
}
