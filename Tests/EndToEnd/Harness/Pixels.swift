import FITSStructure
import Foundation

/// What a FITS file holds apart from when and where it was made.
enum PixelSums {
  /// `SCI=<DATASUM> ERR=… DQ=…` of the images, as their own headers say.
  static func of(_ path: String) throws -> String {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    let structure = try FileStructure.read(descriptor: handle.fileDescriptor, hasWriter: false)
    return structure.hdus.filter { $0.xtension == "IMAGE" }.map { hdu in
      let sum = hdu.header.cards.first { $0.keyword == "DATASUM" }?.string ?? "none"
      return "\(hdu.name)=\(sum)"
    }.joined(separator: " ")
  }
}
