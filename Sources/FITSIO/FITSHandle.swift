import CCFITSIO
import Glibc

/// The open file behind a `FITSFile`: CFITSIO's pointer, and a descriptor of our own for plain reads.
final class FITSHandle {
  let path: String
  let descriptor: Int32
  let isUpdating: Bool
  /// First bytes 1F 8B: CFITSIO then inflates the file into memory.
  let isGzipped: Bool
  let fileBytes: Int64
  private var file: UnsafeMutablePointer<fitsfile>?
  /// The images that were looked at in a file that does not change, by HDU.
  var images: [Int: ImageHDU] = [:]

  /// Opens a regular file by its exact name and gives it to CFITSIO as a descriptor.
  ///
  /// CFITSIO never sees the name: it would open `x.fits.gz` where `x.fits` is missing, drop leading blanks,
  /// expand `~` and refuse more than 1024 characters.
  init(path: String, updating: Bool) throws(FITSError) {
    let descriptor = open(path, (updating ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FITSError.system("open-failed", "open", path, errno) }
    do throws(FITSError) {
      fileBytes = try Self.regularSize(descriptor, path)
      var magic: (UInt8, UInt8) = (0, 0)
      isGzipped = pread(descriptor, &magic, 2, 0) == 2 && magic.0 == 0x1F && magic.1 == 0x8B
      if fileBytes == 0 || !isGzipped { try Self.checkBeginning(descriptor, path) }
      file = try Self.openCFITSIO(descriptor, path, updating)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
    isUpdating = updating
  }

  deinit {
    if let file {
      var status: Int32 = 0
      ffclos(file, &status)
    }
    Glibc.close(descriptor)
  }

  private static func regularSize(_ descriptor: Int32, _ path: String) throws(FITSError) -> Int64 {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FITSError.system("open-failed", "fstat", path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FITSError(code: "not-regular", message: "this is not a regular file", subject: path)
    }
    return Int64(status.st_size)
  }

  /// What is no FITS file is told in our words, not in CFITSIO's.
  private static func checkBeginning(_ descriptor: Int32, _ path: String) throws(FITSError) {
    var bytes = [UInt8](repeating: 0, count: 6)
    guard pread(descriptor, &bytes, 6, 0) == 6, bytes == Array("SIMPLE".utf8) else {
      throw FITSError(
        code: "not-fits", message: "this is no FITS file: it does not begin with SIMPLE", subject: path,
        hint: "look at it with: file \(path)")
    }
  }

  private static func openCFITSIO(
    _ descriptor: Int32, _ path: String, _ updating: Bool
  ) throws(FITSError) -> UnsafeMutablePointer<fitsfile> {
    var opened: UnsafeMutablePointer<fitsfile>?
    var status: Int32 = 0
    ffdkopn(&opened, "/proc/self/fd/\(descriptor)", updating ? READWRITE : READONLY, &status)
    guard status == 0, let opened else { throw FITSError.cfitsio(status, "opening", path) }
    return opened
  }

  /// Flushes and closes, so that a failing last write is seen.
  func close() throws(FITSError) {
    guard let open = file else { return }
    file = nil
    var status: Int32 = 0
    ffclos(open, &status)
    if status > 0 { throw FITSError.cfitsio(status, "closing", path) }
  }

  /// Runs one CFITSIO call.
  func call(
    _ operation: StaticString, _ body: (UnsafeMutablePointer<fitsfile>, inout Int32) -> Int32
  ) throws(FITSError) {
    guard let file else {
      throw FITSError(code: "open-failed", message: "\(operation): the file is closed", subject: path)
    }
    var status: Int32 = 0
    _ = body(file, &status)
    if status > 0 { throw FITSError.cfitsio(status, operation, path) }
  }

  /// Moves to an HDU, 0 being the primary.
  ///
  /// - Returns: CFITSIO's type: `IMAGE_HDU`, `ASCII_TBL` or `BINARY_TBL`.
  @discardableResult
  func move(to hdu: Int) throws(FITSError) -> Int32 {
    guard hdu >= 0, hdu < Int(Int32.max) else { throw noSuch(hdu) }
    var type: Int32 = 0
    var status: Int32 = 0
    guard let file else { throw noSuch(hdu) }
    ffmahd(file, Int32(hdu) + 1, &type, &status)
    if status == END_OF_FILE {
      ffcmsg()
      throw noSuch(hdu)
    }
    if status > 0 { throw FITSError.cfitsio(status, "moving to an HDU", subject(hdu)) }
    return type
  }

  func subject(_ hdu: Int) -> String { "\(path), HDU \(hdu)" }

  private func noSuch(_ hdu: Int) -> FITSError {
    FITSError(code: "no-such-hdu", message: "there is no such HDU", subject: subject(hdu))
  }
}
