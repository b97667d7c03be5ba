import FITSIO
import Pixels

/// The rows of a ramp that is in one file.
struct RampFileRows: RampRows {
  let shared: SharedFile
  let science: Int
  let layout: RampAxes
  let shape: RampShape
  let flags: RampFlagPlanes

  /// The axes of an image as four: a missing or surplus integration axis is 1.
  static func fourAxes(_ axes: [Int], path: String, hdu: String) throws(ModelError) -> [Int] {
    if axes.count == 3 { return axes + [1] }
    guard axes.count == 4 || (axes.count > 4 && axes.dropFirst(4).allSatisfy { $0 == 1 }) else {
      throw ModelError(
        code: "ramp-axes",
        message: "a ramp needs the axes x, y, read and integration; this image has \(axes)",
        subject: "\(path)[\(hdu)]")
    }
    return Array(axes.prefix(4))
  }

  func band(_ part: PixelWindow) throws(ModelError) -> RampBand {
    try ModelError.wrapping(shared.path) {
      try shared.read { file in
        let samples: Ramp<Float> = try samples(file, science, part, layout)
        var band = RampBand(
          samples: samples,
          groupQuality: try flags.group.map { try self.samples(file, $0, part, .imageFirst) },
          pixelQuality: flags.pixel?.cropped(to: part))
        if let joint = flags.joint { Self.split(try self.samples(file, joint, part, layout), into: &band) }
        return band
      }
    }
  }

  func bands(_ parts: [PixelWindow]) throws(ModelError) -> [RampBand] {
    guard layout == .imageFirst, flags.joint == nil, let sides = DetectorSides(parts, of: shape) else {
      return try parts.map { part throws(ModelError) in try band(part) }
    }
    return try ModelError.wrapping(shared.path) {
      try shared.read { file in
        let samples: [Ramp<Float>] = try sides.read(file, science)
        let groups: [Ramp<UInt8>]? = try flags.group.map { try sides.read(file, $0) }
        return samples.indices.map { side in
          RampBand(
            samples: samples[side], groupQuality: groups?[side],
            pixelQuality: flags.pixel?.cropped(to: parts[side]))
        }
      }
    }
  }

  /// The samples of a part of HDU `index` as (integration, read, y, x).
  private func samples<T: FITSPixel & PixelScalar>(
    _ file: borrowing FITSFile, _ index: Int, _ part: PixelWindow, _ layout: RampAxes
  ) throws -> Ramp<T> {
    let (planes, count) = (shape.integrations * shape.reads, part.count)
    let first = part.y0 * shape.width + part.x0
    let stored = try Ramp<T>(
      uninitializedIntegrations: shape.integrations, reads: shape.reads, height: part.height,
      width: part.width
    ) { out in
      guard layout == .imageFirst else {
        return try file.readRows(
          of: index, into: out, startingAt: first * planes, runsOf: part.width * planes,
          every: shape.width * planes)
      }
      for plane in 0..<planes {
        try file.readRows(
          of: index, into: .init(rebasing: out[plane * count..<(plane + 1) * count]),
          startingAt: plane * shape.height * shape.width + first, runsOf: part.width, every: shape.width)
      }
    }
    return layout == .imageFirst ? stored : Self.imageFirst(stored)
  }

  /// Turns samples stored as (y, x, integration, read) into (integration, read, y, x).
  private static func imageFirst<T: PixelScalar>(_ stored: Ramp<T>) -> Ramp<T> {
    let pixels = stored.planeCount
    let planes = stored.integrations * stored.reads
    return Ramp(
      uninitializedIntegrations: stored.integrations, reads: stored.reads, height: stored.height,
      width: stored.width
    ) { out in
      stored.withUnsafeBuffer { source in
        for pixel in 0..<pixels {
          for plane in 0..<planes { out[plane * pixels + pixel] = source[pixel * planes + plane] }
        }
      }
    }
  }

  /// The low 8 bits belong to the read, the others to the pixel.
  private static func split(_ flags: Ramp<UInt32>, into band: inout RampBand) {
    let pixels = flags.planeCount
    band.groupQuality = flags.map { UInt8(truncatingIfNeeded: $0) }
    flags.withUnsafeBuffer { flags in
      band.pixelQuality.withUnsafeMutableBuffer { pixel in
        for i in flags.indices { pixel[i % pixels] |= flags[i] & ~0xff }
      }
    }
  }
}

extension FITSFile {
  /// Runs of pixels at equal distances, as one run where they touch.
  func readRows<T: FITSPixel>(
    of hdu: Int, into target: UnsafeMutableBufferPointer<T>, startingAt first: Int, runsOf length: Int,
    every distance: Int
  ) throws(FITSError) {
    guard length < distance else { return try readPixels(of: hdu, into: target, startingAt: first) }
    try readPixels(of: hdu, into: target, startingAt: first, runsOf: length, every: distance)
  }
}
