import Astrometry
import DataModels
import FITSIO
import FITSStructure
import Foundation
import JobContract
import Logging
import Metadata
import PipelineEngine
import Pixels
import Simulator

/// Dithered frames of a sky with stars, seen through one detector, on disk; everything that went in is known.
final class DitheredSkies {
  static let size = 256
  static let gain = 3.0
  static let seconds = 60.0
  static let readNoise = 15.0

  /// What the detector answers to an even sky: vignetting and pixel-to-pixel response, median 1.
  let response: Plane<Float>
  /// Where any frame has starlight above the noise of one frame.
  private(set) var footprint: Plane<UInt8>
  /// Share of the pixels with starlight above the noise, mean over the frames.
  private(set) var occupancy = 0.0
  let path: String
  private let stars: [Source]
  private var random: RandomStream
  private let bad: [Int]

  /// - Parameter starCount: stars in the field, which is 1.5 times as wide as a frame.
  init(seed: UInt64, starCount: Int) throws {
    var random = RandomStream(seed, 0x5e1)
    let size = Self.size
    response = Self.makeResponse(&random)
    footprint = Plane(width: size, height: size, repeating: 0)
    stars = (0..<starCount).map { _ in
      let (x, y) = (random.uniform(in: -64..<320), random.uniform(in: -64..<320))
      // Only pixels matter here: the field lies nowhere.
      return Source(
        x: x, y: y, sky: SkyPosition(ra: 0, dec: 0), flux: random.logUniform(in: 30..<8000))
    }
    bad = (0..<size * size / 500).map { _ in Int(random.uniform() * Double(size * size)) }
    self.random = random
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    path = "\(base)/irisarchive-skies-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  private static func makeResponse(_ random: inout RandomStream) -> Plane<Float> {
    var values: [Float] = []
    for i in 0..<size * size {
      let (x, y) = (Double(i % size) / 128 - 1, Double(i / size) / 128 - 1)
      values.append(Float((1.03 - 0.05 * (x * x + y * y)) * (1 + 0.01 * normalDeviate(&random))))
    }
    let plane = Plane<Float>(width: size, height: size, elements: values)
    let level = median(of: plane)
    return plane.map { $0 / level }
  }

  /// Variance of a rate of this value, in (adu/s)².
  static func variance(_ rate: Double) -> Double {
    let electrons = gain * seconds
    return rate / electrons + readNoise * readNoise / (electrons * electrons)
  }

  /// Starlight on the detector before its response.
  func starlight(offset: (Double, Double)) -> Plane<Float> {
    var light = Plane<Float>(width: Self.size, height: Self.size, repeating: 0)
    for star in stars { Self.add(star, at: (star.x + offset.0, star.y + offset.1), to: &light) }
    return light
  }

  /// Adds a Moffat profile of FWHM 3 pixels and beta 3, cut at 24 pixels.
  private static func add(_ star: Source, at place: (Double, Double), to light: inout Plane<Float>) {
    let scale = 2.25 / (pow(2, 1.0 / 3) - 1)
    let peak = star.flux * 2 / (Double.pi * scale)
    let (cx, cy) = (Int(place.0.rounded()), Int(place.1.rounded()))
    for y in max(cy - 24, 0)..<max(min(cy + 25, size), max(cy - 24, 0)) {
      for x in max(cx - 24, 0)..<max(min(cx + 25, size), max(cx - 24, 0)) {
        let (dx, dy) = (Double(x) - place.0, Double(y) - place.1)
        light[x, y] += Float(peak * pow(1 + (dx * dx + dy * dy) / scale, -3))
      }
    }
  }

  /// Writes one frame of a sky of `level` adu/s and returns its name and its starlight (through the response).
  ///
  /// - Parameter isPlaced: whether its header has world coordinates.
  func write(
    _ name: String, level: Double, dither: Double = 40, dark: Plane<Float>? = nil, cards: [Card] = [],
    isPlaced: Bool = false
  ) throws -> (path: String, light: Plane<Float>) {
    let offset = (
      random.uniform(in: -dither..<dither + 1e-9), random.uniform(in: -dither..<dither + 1e-9)
    )
    let cards = cards + (isPlaced ? Self.worldCoordinates(offset) : [])
    var light = starlight(offset: offset)
    note(light, over: Self.variance(level).squareRoot())
    var value = light
    var error = light
    for y in 0..<Self.size {
      for x in 0..<Self.size {
        light[x, y] *= response[x, y]
        let truth = Double(response[x, y]) * level + Double(light[x, y]) + Double(dark?[x, y] ?? 0)
        let sigma = Self.variance(truth).squareRoot()
        value[x, y] = Float(truth + sigma * normalDeviate(&random))
        error[x, y] = Float(sigma)
      }
    }
    let file = try save(name, value, error, unit: "adu/s", isDarkFree: dark == nil, cards: cards)
    return (file, light)
  }

  /// A tangent plane of 4 mas a pixel in which the stars of all frames stand still.
  private static func worldCoordinates(_ offset: (Double, Double)) -> [Card] {
    let scale = 0.004 / 3600
    return [
      Card("CTYPE1", "RA---TAN"), Card("CTYPE2", "DEC--TAN"), Card("CRVAL1", 150.0), Card("CRVAL2", 2.0),
      Card("CRPIX1", 128.5 + offset.0), Card("CRPIX2", 128.5 + offset.1), Card("CDELT1", -scale),
      Card("CDELT2", scale), Card("CUNIT1", "deg"), Card("CUNIT2", "deg"),
    ]
  }

  private func note(_ light: Plane<Float>, over sigma: Double) {
    var covered = 0
    for y in 0..<Self.size {
      for x in 0..<Self.size where Double(light[x, y]) > sigma {
        footprint[x, y] = 1
        covered += 1
      }
    }
    let share = Double(covered) / Double(Self.size * Self.size)
    occupancy = (occupancy * framesWritten + share) / (framesWritten + 1)
    framesWritten += 1
  }

  private var framesWritten = 0.0

  /// Writes planes as a frame of the detector; bad pixels are wild and flagged.
  @discardableResult
  func save(
    _ name: String, _ value: Plane<Float>, _ error: Plane<Float>, unit: String, isDarkFree: Bool,
    cards: [Card] = []
  ) throws -> String {
    var value = value
    var quality = Plane<UInt32>(width: Self.size, height: Self.size, repeating: 0)
    for i in bad {
      value[i % Self.size, i / Self.size] = 5000
      quality[i % Self.size, i / Self.size] = DQ.hot | DQ.doNotUse
    }
    let header = [
      Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"), Card("FILTER", "H"), Card("EXPTIME", Self.seconds),
      Card("OBSNAME", "IMG1-SKY"), Card("S_DARK", isDarkFree ? "COMPLETE" : "SKIPPED"),
    ]
    let model = ImageModel(
      header: Header(header.filter { old in !cards.contains { $0.keyword == old.keyword } } + cards),
      science: value, unit: unit, error: error, quality: quality)
    try model.write(to: "\(path)/\(name)")
    return "\(path)/\(name)"
  }

  /// Runs a pipeline on files and returns its product and its report.
  func run(
    _ pipeline: Pipeline, _ files: [String], as type: MemberType = .science,
    references: [(String, String)] = [], settings: [String: String] = [:], skip: [String] = [],
    extras: [String] = [], backgrounds: [String] = []
  ) throws -> (product: ImageModel, report: RunReport) {
    var configuration = try RunConfiguration(pipeline)
    for (key, text) in settings { try configuration.set(key, text, from: .commandLine) }
    for step in skip { try configuration.skip(step, from: .commandLine) }
    let name = "product-\(UUID().uuidString).fits"
    let members = files.map { ($0, type) } + backgrounds.map { ($0, .background) }
    let request = RunRequest(
      configuration: configuration,
      members: members.map {
        Member(name: ($0.0 as NSString).lastPathComponent, path: $0.0, exptype: $0.1)
      },
      references: references.map { ResolvedReference(type: $0.0, origin: .override, path: $0.1) },
      outputDirectory: path, productFileName: name)
    let services = RunServices(
      now: { Date(timeIntervalSince1970: 1_784_000_000) },
      logger: { Logger(label: $0) { _ in SwiftLogNoOpLogHandler() } }, version: "test")
    let report = PipelineRunner(request: request, services: services).run()
    if let error = report.error { throw EngineError(error.code, error.message, subject: error.subject) }
    return (try ImageModel(reading: "\(path)/\(name)", extras: extras), report)
  }

  /// The relative difference of a product to the response: its scatter away from stars over `theory`, and its mean at
  /// the places of stars less that elsewhere.
  func compare(_ product: ImageModel, theory: (Float) -> Double) -> Comparison {
    var pulls: [Double] = []
    var beside: [Double] = []
    var atStars: [Double] = []
    for y in 0..<Self.size {
      for x in 0..<Self.size where (product.quality?[x, y] ?? 0) & DQ.doNotUse == 0 {
        let truth = response[x, y]
        let difference = Double(product.science[x, y] / truth) - 1
        if footprint[x, y] != 0 {
          atStars.append(difference)
        } else {
          beside.append(difference)
          pulls.append(difference / theory(truth))
        }
      }
    }
    let mean = PullTests.statistics(beside).mean
    return Comparison(
      noise: PullTests.statistics(pulls).sigma, bias: PullTests.statistics(atStars).mean - mean,
      biasError: PullTests.statistics(atStars).sigma / Double(atStars.count).squareRoot(),
      starPixels: atStars.count)
  }

  struct Comparison {
    let noise: Double
    let bias: Double
    let biasError: Double
    let starPixels: Int
  }
}
