import CCFITSIO
import FITSStructure

extension FITSFile {
  /// The shape and type of an image HDU, tile-compressed ones included.
  ///
  /// - Throws: `no-such-hdu`, `not-an-image`, `cfitsio`.
  public func image(of hdu: Int) throws(FITSError) -> ImageHDU {
    let type = try handle.move(to: hdu)
    if let known = handle.images[hdu] { return known }
    let image = try describeImage(hdu, type)
    if !handle.isUpdating { handle.images[hdu] = image }
    return image
  }

  private func describeImage(_ hdu: Int, _ type: Int32) throws(FITSError) -> ImageHDU {
    let compressed = try isCompressedImage(hdu)  // CFITSIO gives these the type of images
    guard type == IMAGE_HDU || compressed else {
      throw FITSError(code: "not-an-image", message: "this HDU is a table", subject: handle.subject(hdu))
    }
    var bitpix: Int32 = 0
    var equivalent: Int32 = 0
    try handle.call("reading the image's type") { ffgidt($0, &bitpix, &$1) }
    try handle.call("reading the image's type") { ffgiet($0, &equivalent, &$1) }
    guard let storedType = PixelType(imageType: equivalent) else {
      throw FITSError(
        code: "not-an-image", message: "unknown image type \(equivalent)", subject: handle.subject(hdu))
    }
    let bscale = try number("BSCALE") ?? 1
    let bzero = try number("BZERO") ?? 0
    let blank = bitpix > 0 ? try number(compressed ? "ZBLANK" : "BLANK").flatMap { Int64(exactly: $0) } : nil
    return ImageHDU(
      axes: try axes(), bitpix: Int(bitpix), storedType: storedType, scaled: bscale != 1 || bzero != 0,
      unit: try keyword("BUNIT"), isCompressed: compressed, bscale: bscale, bzero: bzero, blank: blank)
  }

  /// Reads pixels in file order (`NAXIS1` fastest); BZERO and BSCALE are applied, `BLANK` becomes NaN in
  /// floating point.
  ///
  /// Plain data are read in bands on all cores, everything else through CFITSIO.
  ///
  /// - Parameters:
  ///   - hdu: an image HDU.
  ///   - target: as many pixels as are wanted.
  ///   - firstPixel: number of the first one, from 0.
  /// - Throws: `no-such-hdu`, `not-an-image`, `out-of-range` (the image has fewer pixels), `truncated`,
  ///   `cfitsio` (among others a number that does not fit `T`).
  public func readPixels<T: FITSPixel>(
    of hdu: Int, into target: UnsafeMutableBufferPointer<T>, startingAt firstPixel: Int = 0
  ) throws(FITSError) {
    let image = try image(of: hdu)
    guard firstPixel >= 0, target.count <= image.pixelCount, firstPixel <= image.pixelCount - target.count
    else {
      throw FITSError(
        code: "out-of-range",
        message: "pixels \(firstPixel)+\(target.count) of an image of axes \(image.axes)",
        subject: handle.subject(hdu))
    }
    guard let base = target.baseAddress, !target.isEmpty else { return }
    if let (plain, conversion) = try plainImage(image, T.pixelType) {
      guard plain.read(conversion, into: target, first: firstPixel) else { throw endsEarly(hdu) }
      return
    }
    try readThroughCFITSIO(image, base, target.count, firstPixel)
  }

  /// The current HDU's data where they can be read without CFITSIO, and how its numbers become pixels.
  private func plainImage(
    _ image: ImageHDU, _ type: PixelType
  ) throws(FITSError) -> (PlainImage, PlainImage.Conversion)? {
    guard !handle.isUpdating, !handle.isGzipped, !image.isCompressed,
      let conversion = PlainImage.conversion(image, to: type)
    else { return nil }
    return (PlainImage(descriptor: handle.descriptor, dataOffset: try dataOffset(), image: image), conversion)
  }

  private func readThroughCFITSIO<T: FITSPixel>(
    _ image: ImageHDU, _ base: UnsafeMutablePointer<T>, _ count: Int, _ firstPixel: Int
  ) throws(FITSError) {
    guard image.isCompressed, image.axes.count > 3 else {
      return try readThroughCFITSIO(base, count, firstPixel)
    }
    // CFITSIO reads runs of pixels out of compressed images of three axes at most, boxes out of any.
    var done = 0
    for box in PixelBox.boxes(of: firstPixel..<firstPixel + count, axes: image.axes) {
      try readThroughCFITSIO(base + done, box)
      done += box.count
    }
  }

  /// Reads runs of pixels that lie at equal distances in the file, such as a few columns of some rows; else as
  /// `readPixels(of:into:startingAt:)`.
  ///
  /// - Parameters:
  ///   - hdu: an image HDU.
  ///   - target: the runs one after another; a whole number of them.
  ///   - firstPixel: number of the first pixel of the first run, from 0.
  ///   - length: pixels in a run.
  ///   - distance: pixels from the beginning of a run to that of the next.
  /// - Throws: as `readPixels(of:into:startingAt:)`, `out-of-range` also for runs that overlap.
  public func readPixels<T: FITSPixel>(
    of hdu: Int, into target: UnsafeMutableBufferPointer<T>, startingAt firstPixel: Int,
    runsOf length: Int, every distance: Int
  ) throws(FITSError) {
    let image = try image(of: hdu)
    guard let base = target.baseAddress, !target.isEmpty else { return }
    let runs = target.count / max(length, 1)
    guard length > 0, runs * length == target.count, distance >= length, firstPixel >= 0,
      firstPixel + (runs - 1) * distance + length <= image.pixelCount
    else {
      throw FITSError(
        code: "out-of-range",
        message:
          "\(runs) runs of \(length) pixels, \(distance) apart from \(firstPixel), of an image of axes "
          + "\(image.axes)",
        subject: handle.subject(hdu))
    }
    if let (plain, conversion) = try plainImage(image, T.pixelType) {
      for run in 0..<runs {
        guard
          plain.readRun(conversion, base + run * length, length, first: firstPixel + run * distance)
        else { throw endsEarly(hdu) }
      }
      return
    }
    for run in 0..<runs {
      try readThroughCFITSIO(image, base + run * length, length, firstPixel + run * distance)
    }
  }

  /// All pixels of an image as an array; see `readPixels(of:into:startingAt:)`.
  ///
  /// - Throws: as that does.
  public func pixels<T: FITSPixel & Numeric>(of hdu: Int, as type: T.Type = T.self) throws(FITSError) -> [T] {
    var pixels = [T](repeating: 0, count: try image(of: hdu).pixelCount)
    let result: Result<Void, FITSError> = pixels.withUnsafeMutableBufferPointer { buffer in
      do throws(FITSError) { return .success(try readPixels(of: hdu, into: buffer)) } catch {
        return .failure(error)
      }
    }
    try result.get()
    return pixels
  }

  private func readThroughCFITSIO<T: FITSPixel>(
    _ base: UnsafeMutablePointer<T>, _ count: Int, _ first: Int
  ) throws(FITSError) {
    var any: Int32 = 0
    try handle.call("reading pixels") { file, status in
      let first = Int64(first) + 1
      switch T.pixelType {
      case .float:
        var nan = Float.nan
        return ffgpv(file, TFLOAT, first, Int64(count), &nan, base, &any, &status)
      case .double:
        var nan = Double.nan
        return ffgpv(file, TDOUBLE, first, Int64(count), &nan, base, &any, &status)
      default:
        return ffgpv(file, T.pixelType.memoryType, first, Int64(count), nil, base, &any, &status)
      }
    }
  }

  private func readThroughCFITSIO<T: FITSPixel>(
    _ base: UnsafeMutablePointer<T>, _ box: PixelBox
  ) throws(FITSError) {
    var any: Int32 = 0
    var (first, last, steps) = (box.first, box.last, box.first.map { _ in 1 })
    try handle.call("reading pixels") { file, status in
      switch T.pixelType {
      case .float:
        var nan = Float.nan
        return ffgsv(file, TFLOAT, &first, &last, &steps, &nan, base, &any, &status)
      case .double:
        var nan = Double.nan
        return ffgsv(file, TDOUBLE, &first, &last, &steps, &nan, base, &any, &status)
      default:
        return ffgsv(file, T.pixelType.memoryType, &first, &last, &steps, nil, base, &any, &status)
      }
    }
  }

  /// Byte offset of the current HDU's data.
  private func dataOffset() throws(FITSError) -> Int64 {
    var header: Int64 = 0
    var data: Int64 = 0
    var end: Int64 = 0
    try handle.call("finding the data") { ffghadll($0, &header, &data, &end, &$1) }
    return data
  }

  /// An error when the current HDU's data end beyond the file, so that nothing is allocated for them.
  func checkDataArePresent(_ hdu: Int) throws(FITSError) {
    guard !handle.isGzipped, !handle.isUpdating else { return }
    var header: Int64 = 0
    var data: Int64 = 0
    var end: Int64 = 0
    try handle.call("finding the data") { ffghadll($0, &header, &data, &end, &$1) }
    if data > handle.fileBytes || end > handle.fileBytes + 2880 { throw endsEarly(hdu) }
  }

  private func endsEarly(_ hdu: Int) -> FITSError {
    FITSError(
      code: "truncated", message: "the file ends before the data do", subject: handle.subject(hdu),
      hint: "irisarchive verify tells what is missing")
  }

  private func axes() throws(FITSError) -> [Int] {
    var count: Int32 = 0
    try handle.call("reading the axes") { ffgidm($0, &count, &$1) }
    guard count > 0 else { return [] }
    var lengths = [Int64](repeating: 0, count: Int(count))
    try handle.call("reading the axes") { ffgiszll($0, count, &lengths, &$1) }
    return lengths.map { Int($0) }
  }

  private func number(_ name: String) throws(FITSError) -> Double? {
    var value = 0.0
    var missing = false
    try handle.call("reading a keyword") {
      ffgkyd($0, name, &value, nil, &$1)
      if $1 == KEY_NO_EXIST || $1 == VALUE_UNDEFINED {
        $1 = 0
        missing = true
        ffcmsg()
      }
      return $1
    }
    return missing ? nil : value
  }
}
