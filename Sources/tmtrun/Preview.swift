import ArgumentParser
import FITSIO
import Foundation
import JobContract
import PipelineEngine
import Pixels
import QuickLook

/// `tmtrun preview FILE…`: a quick-look PNG of each file.
struct Preview: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw a quick-look PNG of each file.",
    discussion: """
      Grey, averaged down to 1024 pixels on a side at most, the first row at the bottom; pixels without a good value \
      are transparent. The limits are zscale's (as in DS9) unless --range gives them.
      """)

  @Argument(help: "FITS files with a two-dimensional image.")
  var files: [String]

  @Option(name: [.customShort("o"), .customLong("output-dir")], help: "Folder for the pictures.")
  var outputDirectory = "."

  @Option(help: "Name (or number, from 0) of the HDU to draw; else SCI, DATA or the primary image.")
  var hdu: String?

  @Flag(help: "Limits by zscale; the default.")
  var zscale = false

  @Option(parsing: .unconditional, help: "low,high: limits in the image's unit.")
  var range: String?

  @Flag(help: "Replace pictures that are there.")
  var replace = false

  func validate() throws {
    if zscale, range != nil { throw ValidationError("--zscale and --range exclude each other") }
    _ = try scale
  }

  func run() throws {
    try makeFolder()
    let maker = Program.preview(try scale)
    Interruption.cleanUp(in: outputDirectory)
    var failures: [any Error] = []
    for file in files {
      do {
        try draw(file, maker)
      } catch {
        failures.append(error)
        Failure.show(ReportedError(error))
      }
    }
    guard let first = failures.first else { return }
    let isPartial = failures.count < files.count
    let code = PipelineEngine.ExitCode(code: ReportedError(first).code)
    throw Failure.Exit(code: isPartial ? PipelineEngine.ExitCode.someFailed.rawValue : code.rawValue)
  }

  private var scale: QuickLookPicture.Scale {
    get throws {
      guard let range else { return .zscale(ZScale()) }
      let numbers = range.split(separator: ",", omittingEmptySubsequences: false).map {
        Double($0.trimmingCharacters(in: .whitespaces))
      }
      guard numbers.count == 2, let low = numbers[0], let high = numbers[1], low.isFinite, high.isFinite,
        low < high
      else { throw ValidationError("--range takes low,high with low below high, not '\(range)'") }
      return .range(DisplayLimits(low: low, high: high))
    }
  }

  private func makeFolder() throws {
    do {
      try FileManager.default.createDirectory(atPath: outputDirectory, withIntermediateDirectories: true)
    } catch {
      throw EngineError("output-folder", "the folder for pictures cannot be made", subject: outputDirectory)
    }
  }

  private func draw(_ file: String, _ maker: PreviewMaker) throws {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    let image = try read(file)
    let written = try maker.write(
      image.value, image.quality, of: name, unit: image.unit, in: outputDirectory, replacing: replace)
    print("\(outputDirectory)/\(written.fileName)")
  }

  private typealias Image = (value: Plane<Float>, quality: Plane<UInt32>?, unit: String)

  private func read(_ path: String) throws -> Image {
    guard FileManager.default.fileExists(atPath: path) else {
      throw EngineError("input-missing", "no such file", subject: path)
    }
    guard let hdu else {
      let source = try FrameSource(path: path)
      let image = try source.readImage()
      return (image.value, image.quality, source.unit ?? "")
    }
    return try read(path, hdu: hdu)
  }

  /// Another HDU as it is: the flags of the science image are not its own.
  private func read(_ path: String, hdu: String) throws -> Image {
    let file = try FITSFile(reading: path)
    let count = try file.hduCount()
    guard let index = try Int(hdu) ?? file.index(ofExtension: hdu, version: nil), (0..<count).contains(index)
    else {
      throw EngineError(
        "no-such-hdu", "it has \(count) HDUs and none is called '\(hdu)'", subject: path)
    }
    let image = try file.image(of: index)
    guard image.axes.count >= 2, image.axes.dropFirst(2).allSatisfy({ $0 == 1 }) else {
      let axes = image.axes.map(String.init).joined(separator: " x ")
      throw EngineError(
        "no-image", "HDU \(hdu) is no two-dimensional image (\(axes.isEmpty ? "no axes" : axes))",
        subject: path)
    }
    let value = try Plane<Float>(uninitializedWidth: image.axes[0], height: image.axes[1]) {
      try file.readPixels(of: index, into: $0)
    }
    return (value, nil, image.unit ?? "")
  }
}
