import FITSStructure
import Glibc
import Metadata

/// The headers of one FITS file, read without CFITSIO.
public struct FileHeaders: Sendable {
  public let path: String
  public let structure: FileStructure
  public let metadata: FrameMetadata
  /// Verdicts on the HDUs' own checksums; empty when they were not asked for.
  public let verdicts: [ChecksumVerdict]

  /// Reads a file named by a person.
  ///
  /// - Parameter verifying: read all of it and judge the checksums.
  /// - Throws: `input-missing`, `not-fits`, `bad-file` (truncated), `read-failed`.
  public init(path: String, verifying: Bool = false) throws(ReferenceDeskError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw ReferenceDeskError(
        "input-missing", "cannot be opened: \(String(cString: strerror(errno)))", path,
        hint: "check the path")
    }
    defer { close(descriptor) }
    self.path = path
    do throws(FITSStructureError) {
      if verifying {
        (structure, verdicts) = try FileStructure.readVerifying(descriptor: descriptor, hasWriter: false) {
          _ in
        }
      } else {
        structure = try FileStructure.read(descriptor: descriptor, hasWriter: false)
        verdicts = []
      }
    } catch {
      throw ReferenceDeskError(error.code, error.message, path, hint: error.hint, underlying: error)
    }
    if case .notFITS(let reason) = structure.completeness {
      throw ReferenceDeskError(
        "not-fits", "not FITS: \(reason)", path, hint: "head -c 80 shows how it begins")
    }
    let cards = structure.hdus.map(\.header.cards)
    guard let primary = cards.first else {
      throw ReferenceDeskError("bad-file", "the file has no whole header", path, hint: "get it again")
    }
    metadata = FrameMetadata(primary: primary, extensions: Array(cards.dropFirst()))
  }

  /// The file's name without its folder.
  public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// Text of a keyword, blanks at the ends removed; nil when it is absent, empty or no text.
  func text(_ keyword: String) -> String? {
    guard case .string(let value) = metadata.value(of: keyword) else { return nil }
    var text = value.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text.isEmpty ? nil : String(text)
  }
}
