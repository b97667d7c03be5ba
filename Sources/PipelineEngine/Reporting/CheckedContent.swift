import FITSStructure
import Glibc

/// sha256 of a file and the verdict on its own checksums, taken in one pass over its bytes.
enum CheckedContent {
  /// - Returns: the sha256, lower-case hexadecimal.
  /// - Throws: `EngineError` `input-missing` when the file cannot be read; `wrong-checksum` naming the first HDU whose
  ///   CHECKSUM or DATASUM does not fit. A file that is not FITS, or ends early, is left to whoever opens it.
  static func ofFile(_ path: String) throws(EngineError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return try ContentHash.ofFile(path) }
    defer { close(descriptor) }
    var hash = ContentHash()
    let scanned: (FileStructure, [ChecksumVerdict])
    do throws(FITSStructureError) {
      scanned = try FileStructure.readVerifying(descriptor: descriptor, hasWriter: false) { hash.update($0) }
    } catch {
      return try ContentHash.ofFile(path)
    }
    if let wrong = scanned.1.first(where: { $0.checksum == .wrong || $0.datasum == .wrong }) {
      throw fault(wrong, in: scanned.0, path: path)
    }
    return hash.hexadecimal
  }

  private static func fault(
    _ verdict: ChecksumVerdict, in structure: FileStructure, path: String
  ) -> EngineError {
    let name = structure.hdus.indices.contains(verdict.hdu) ? structure.hdus[verdict.hdu].name : ""
    let place = name.isEmpty ? "HDU \(verdict.hdu)" : "HDU \(verdict.hdu) (\(name))"
    let what =
      verdict.datasum == .wrong
      ? "the data are not those that its DATASUM was taken of" : "its CHECKSUM does not fit"
    return EngineError(
      "wrong-checksum", "\(place): \(what), so the file was changed or damaged", subject: path,
      hint: "fetch the file again; if it was edited on purpose, write its checksums anew")
  }
}
