import FITSIO
import Glibc
import Pixels

/// The open files of a stack.
final class StackFiles {
  /// One open frame, and where its planes are.
  private final class Frame {
    let file: FITSFile
    let science, error, quality: Int
    let axes: [Int]

    init(path: String) throws {
      file = try FITSFile(reading: path)
      science = try Self.hdu("SCI", file, path)
      error = try Self.hdu("ERR", file, path)
      quality = try Self.hdu("DQ", file, path)
      axes = try file.image(of: science).axes
    }

    private static func hdu(_ name: String, _ file: borrowing FITSFile, _ path: String) throws -> Int {
      guard let index = try file.index(ofExtension: name) else {
        throw BenchError(code: "no-plane", message: "there is no \(name)", subject: path)
      }
      return index
    }
  }

  private let frames: [Frame]
  private let width: Int
  private let height: Int

  /// - Throws: `FITSError`, ``BenchError``.
  init(paths: [String]) throws {
    frames = try paths.map(Frame.init)
    guard let axes = frames.first?.axes, axes.count == 2, frames.allSatisfy({ $0.axes == axes }) else {
      throw BenchError(
        code: "shape-mismatch", message: "the frames are not images of one size", subject: paths[0])
    }
    (width, height) = (axes[0], axes[1])
  }

  /// All planes of all frames.
  func load() throws -> [Measured] {
    try frames.map { frame in
      Measured(
        value: try plane(frame.file, frame.science), error: try plane(frame.file, frame.error),
        quality: try plane(frame.file, frame.quality))
    }
  }

  /// The combination, with no more than `rowsPerBand` rows of each frame in memory.
  func combined(_ options: CombineOptions, rowsPerBand: Int) throws -> Combined {
    try combine(
      frameCount: frames.count, width: width, height: height, rowsPerBand: rowsPerBand, options: options
    ) { index, rows, room in
      let frame = frames[index]
      let first = rows.lowerBound * width
      try frame.file.readPixels(of: frame.science, into: room.value, startingAt: first)
      try frame.file.readPixels(of: frame.error, into: room.error, startingAt: first)
      try frame.file.readPixels(of: frame.quality, into: room.quality, startingAt: first)
    }
  }

  private func plane<T: FITSPixel & PixelScalar>(_ file: borrowing FITSFile, _ hdu: Int) throws -> Plane<T> {
    var plane = Plane<T>(width: width, height: height, repeating: 0)
    try plane.withUnsafeMutableBuffer { try file.readPixels(of: hdu, into: $0) }
    return plane
  }
}

/// What this process has needed at most.
enum PeakMemory {
  /// Resident bytes.
  static var bytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}
