import CCFITSIO
import Glibc

/// An algorithm of the tiled image compression convention of FITS.
public enum TilePacking: Sendable, Hashable {
  /// Rice's algorithm; only for integers.
  case rice
  /// gzip of each tile; loses nothing of floating-point numbers.
  case gzip

  fileprivate var code: Int32 {
    switch self {
    case .rice: RICE_1
    case .gzip: GZIP_1
    }
  }
}

extension FITSFile {
  /// Writes a copy of a file in which the image HDU `hdu` is compressed in tiles, a row each, without any loss.
  ///
  /// All other HDUs are copied as they are; every HDU of the copy has its checksums.
  ///
  /// - Parameters:
  ///   - target: the copy; it must not exist.
  /// - Throws: `open-failed`, `no-such-hdu`, `already-exists`, `cfitsio`. Nothing is left of a copy that failed.
  public static func pack(
    _ path: String, image hdu: Int, as packing: TilePacking, to target: String
  ) throws(FITSError) {
    let source = try FITSFile(reading: path)
    guard (0..<(try source.hduCount())).contains(hdu) else {
      throw FITSError(code: "no-such-hdu", message: "there is no such HDU", subject: "\(path), HDU \(hdu)")
    }
    guard access(target, F_OK) != 0 else {
      throw FITSError(
        code: "already-exists", message: "a file of this name exists and is not replaced", subject: target)
    }
    do throws(FITSError) {
      try source.copy(to: target, packing: hdu, as: packing)
      let copy = try FITSFile(updating: target)
      try copy.updateChecksums()
      try copy.close()
    } catch {
      unlink(target)
      throw error
    }
    try source.close()
  }

  private func copy(to target: String, packing hdu: Int, as packing: TilePacking) throws(FITSError) {
    let count = try hduCount()
    var status: Int32 = 0
    var output: UnsafeMutablePointer<fitsfile>?
    ffdkinit(&output, target, &status)
    guard status == 0, let output else { throw FITSError.cfitsio(status, "creating", target) }
    fits_set_compression_type(output, packing.code, &status)
    fits_set_quantize_level(output, 0, &status)
    do throws(FITSError) {
      for number in 0..<count {
        try handle.move(to: number)
        try handle.call("copying an HDU") {
          number == hdu ? fits_img_compress($0, output, &$1) : ffcopy($0, output, 0, &$1)
        }
      }
    } catch {
      var ignored: Int32 = 0
      ffclos(output, &ignored)
      throw error
    }
    ffclos(output, &status)
    if status > 0 { throw FITSError.cfitsio(status, "closing", target) }
  }
}
