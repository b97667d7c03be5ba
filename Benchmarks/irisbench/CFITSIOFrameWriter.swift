import CCFITSIO

/// Writes a frame the plain way: primary HDU, then `SCI`, `ERR` and `DQ`, each with its checksums.
struct CFITSIOFrameWriter {
  let path: String

  /// - Throws: ``BenchError`` `cfitsio`.
  func write(_ planes: FramePlanes) throws {
    var planes = planes
    var file: UnsafeMutablePointer<fitsfile>?
    var status: Int32 = 0
    ffdkinit(&file, path, &status)
    try check(status, "creating", path)
    var noAxes: Int64 = 0
    ffcrimll(file, BYTE_IMG, 0, &noAxes, &status)
    ffpcks(file, &status)
    try append(file, "SCI", FLOAT_IMG, TFLOAT, planes.axes, &planes.science)
    try append(file, "ERR", FLOAT_IMG, TFLOAT, planes.axes, &planes.error)
    try append(file, "DQ", ULONG_IMG, TUINT, planes.axes, &planes.quality)
    ffclos(file, &status)
    try check(status, "closing", path)
  }

  private func append<T>(
    _ file: UnsafeMutablePointer<fitsfile>?, _ name: String, _ image: Int32, _ type: Int32, _ axes: [Int],
    _ pixels: inout [T]
  ) throws where T: BitwiseCopyable {
    var status: Int32 = 0
    var axes = axes.map { Int64($0) }
    ffcrimll(file, image, 2, &axes, &status)
    ffpkys(file, "EXTNAME", name, nil, &status)
    ffppr(file, type, 1, Int64(pixels.count), &pixels, &status)
    ffpcks(file, &status)
    try check(status, "writing \(name)", path)
  }
}
