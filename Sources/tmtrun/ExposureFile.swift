import Associations
import FITSStructure
import Foundation
import Glibc
import Metadata
import PipelineEngine

/// A FITS file as the association rules see it.
struct ExposureFile {
  let path: String
  let exposure: Exposure
  let program: String?
  let observation: String?
  let object: String?
  /// Why the archive would hold it back, nil when it would not.
  let held: String?

  /// Reads the headers alone and classifies them as the archive does.
  /// - Parameter index: its place on the command line, the exposure's `id`.
  /// - Throws: `EngineError` `input-missing`, `not-fits`; `FITSStructureError`.
  init(path: String, index: Int, classifier: Classifier) throws {
    self.path = path
    let structure = try Self.structure(of: path)
    let cards = structure.hdus.map(\.header.cards)
    let read = FrameMetadata(primary: cards.first ?? [], extensions: Array(cards.dropFirst()))
    let metadata = classifier.adapted(read)
    let classification = classifier.classify(read, hint: FrameShape(structure.hdus), file: path)
    let begin = metadata.dateBegin?.timeIntervalSince1970 ?? 0
    let end = metadata.dateEnd?.timeIntervalSince1970 ?? begin
    exposure = Exposure(
      id: Int64(index), name: (path as NSString).lastPathComponent,
      fields: MatchFields.fields(metadata, classification), start: begin, end: max(begin, end),
      arrivedAt: 0)
    program = metadata.program
    observation = metadata.observation
    object = metadata.object
    held = classification.state == .classified ? nil : classification.reason ?? classification.state.rawValue
  }

  private static func structure(of path: String) throws -> FileStructure {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw EngineError("input-missing", String(cString: strerror(errno)), subject: path)
    }
    defer { close(descriptor) }
    let structure = try FileStructure.read(descriptor: descriptor, hasWriter: false)
    if case .notFITS(let reason) = structure.completeness {
      throw EngineError("not-fits", "the file is no FITS file: \(reason)", subject: path)
    }
    return structure
  }
}
