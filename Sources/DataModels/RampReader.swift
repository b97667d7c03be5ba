import FITSIO
import FITSStructure
import Metadata
import Pixels

/// Reads the four-dimensional images of one ramp file.
struct RampReader {
  let path: String

  /// The axes of an image as four: a missing or surplus integration axis is 1.
  func fourAxes(_ axes: [Int], hdu: String) throws(ModelError) -> [Int] {
    if axes.count == 3 { return axes + [1] }
    guard axes.count == 4 || (axes.count > 4 && axes.dropFirst(4).allSatisfy { $0 == 1 }) else {
      throw ModelError(
        code: "ramp-axes",
        message: "a ramp needs the axes x, y, read and integration; this image has \(axes)",
        subject: "\(path)[\(hdu)]")
    }
    return Array(axes.prefix(4))
  }

  /// The samples of HDU `index` as (integration, read, y, x).
  func ramp<T: FITSPixel & PixelScalar>(
    _ file: borrowing FITSFile, _ index: Int, _ axes: RampAxes, _ shape: RampShape
  ) throws -> Ramp<T> {
    let stored = try Ramp<T>(
      uninitializedIntegrations: shape.integrations, reads: shape.reads, height: shape.height,
      width: shape.width
    ) { try file.readPixels(of: index, into: $0, startingAt: 0) }
    return axes == .imageFirst ? stored : Self.imageFirst(stored)
  }

  /// The reads of HDU `index` in the type of the file.
  func samples(
    _ file: borrowing FITSFile, _ index: Int, _ axes: RampAxes, _ shape: RampShape
  ) throws -> RampModel.Samples {
    switch try file.image(of: index).storedType {
    case .uint8, .uint16: .uint16(try ramp(file, index, axes, shape))
    case .int8, .int16, .int32: .int32(try ramp(file, index, axes, shape))
    default: .float32(try ramp(file, index, axes, shape))
    }
  }

  /// Turns samples stored as (y, x, integration, read) into (integration, read, y, x).
  private static func imageFirst<T: PixelScalar>(_ stored: Ramp<T>) -> Ramp<T> {
    let (height, width) = (stored.height, stored.width)
    let planes = stored.integrations * stored.reads
    return Ramp(
      uninitializedIntegrations: stored.integrations, reads: stored.reads, height: height, width: width
    ) { out in
      stored.withUnsafeBuffer { source in
        nonisolated(unsafe) let (source, out) = (source, out)
        forEachRowBand(height: height, width: width * planes) { rows in
          for pixel in rows.lowerBound * width..<rows.upperBound * width {
            for plane in 0..<planes { out[plane * height * width + pixel] = source[pixel * planes + plane] }
          }
        }
      }
    }
  }
}
