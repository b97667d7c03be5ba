import CCFITSIO

/// Reads a frame the plain way: open, move to each extension by name, read all of it at once.
struct CFITSIOReader {
  let path: String

  /// - Throws: ``BenchError`` `cfitsio`, also for an extension that is missing.
  func read(into planes: inout FramePlanes) throws {
    var file: UnsafeMutablePointer<fitsfile>?
    var status: Int32 = 0
    ffdkopn(&file, path, READONLY, &status)
    try check(status, "opening", path)
    var axes: [Int64] = [0, 0]
    try move(file, to: "SCI")
    ffgiszll(file, 2, &axes, &status)
    planes.reserve(axes.map { Int($0) })
    try read(file, TFLOAT, &planes.science)
    try move(file, to: "ERR")
    try read(file, TFLOAT, &planes.error)
    try move(file, to: "DQ")
    try read(file, TUINT, &planes.quality)
    ffclos(file, &status)
    try check(status, "closing", path)
  }

  private func move(_ file: UnsafeMutablePointer<fitsfile>?, to name: String) throws {
    var status: Int32 = 0
    var text = name.utf8CString.map { $0 }
    ffmnhd(file, IMAGE_HDU, &text, 0, &status)
    try check(status, "finding \(name)", path)
  }

  private func read<T>(
    _ file: UnsafeMutablePointer<fitsfile>?, _ type: Int32, _ pixels: inout [T]
  ) throws where T: BitwiseCopyable {
    var status: Int32 = 0
    var anyNull: Int32 = 0
    ffgpv(file, type, 1, Int64(pixels.count), nil, &pixels, &anyNull, &status)
    try check(status, "reading", path)
  }
}

/// Throws what CFITSIO has to say about a status that is not 0.
func check(_ status: Int32, _ action: String, _ path: String) throws {
  guard status > 0 else { return }
  var text = [CChar](repeating: 0, count: Int(FLEN_STATUS))
  ffgerr(status, &text)
  let message = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  throw BenchError(code: "cfitsio", message: "\(action): \(message) (\(status))", subject: path)
}
