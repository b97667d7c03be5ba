import Glibc
import Simulator
import Testing

/// A night of several detectors: one sky for all of them, and the truths of calibrations.
@Suite struct DithersTests {
  private func night(_ detectors: Int = 4) throws -> Night {
    try Night.dithers(
      seed: 3, size: 64, detectors: detectors, dithers: 3, darks: 3, flats: 3, skies: 1, options: .init())
  }

  private func sources(_ night: Night, _ exposure: Exposure) throws -> [Source] {
    try night.instrument.scene(of: exposure).sources
  }

  @Test func detectorsAreReadAtOnceAndCountTheirOwnExposures() throws {
    let night = try night()
    let science = (1...4).map { night.exposures(named: "IMG\($0)-SCI") }
    #expect(science.map(\.count) == [3, 3, 3, 3])
    for position in 0..<3 {
      #expect(Set(science.map { $0[position].begin }).count == 1)
      #expect(science.allSatisfy { $0[position].dither == position + 1 && $0[position].dithers == 3 })
      #expect(Set(science.map { $0[position].observation.number }).count == 1)
    }
    #expect(night.exposures.map(\.order) == Array(night.exposures.indices))
    #expect(zip(night.exposures, night.exposures.dropFirst()).allSatisfy { $0.begin <= $1.begin })
    #expect(throws: SimulatorError.self) { try Night.dithers(seed: 1, size: 64, detectors: 3) }
  }

  @Test func theImageMovesAgainstTheTelescope() throws {
    let night = try night(1)
    let science = night.exposures(named: "IMG1-SCI")
    let (first, second) = (try sources(night, science[0]), try sources(night, science[1]))
    let east = (science[1].east - science[0].east) / 0.004
    let north = (science[1].north - science[0].north) / 0.004
    #expect(abs(east) >= 3 && abs(north) >= 3)
    var common = 0
    for star in first {
      guard let same = second.first(where: { $0.sky == star.sky }) else { continue }
      common += 1
      #expect(abs(same.x - star.x - east) < 1e-4 && abs(same.y - star.y + north) < 1e-4)
      #expect(same.flux == star.flux)
    }
    #expect(common >= 6)
  }

  @Test func neighbouringDetectorsSeeTheSameStars() throws {
    let night = try night()
    let seen = try (1...4).map {
      try sources(night, try #require(night.exposures(named: "IMG\($0)-SCI").first))
    }
    // 64 pixels and a gap of 2: IMG2 lies at larger x, IMG3 at larger y.
    for (detector, dx, dy) in [(1, 66.0, 0.0), (2, 0, 66), (3, 66, 66)] {
      var common = 0
      for star in seen[0] {
        guard let same = seen[detector].first(where: { $0.sky == star.sky }) else { continue }
        common += 1
        #expect(abs(star.x - same.x - dx) < 1e-3 && abs(star.y - same.y - dy) < 1e-3)
        #expect(same.flux == star.flux)
      }
      #expect(common >= 1, "IMG\(detector + 1)")
    }
    #expect(
      seen.allSatisfy { stars in stars.contains { (1...64).contains($0.x) && (1...64).contains($0.y) } })
  }

  @Test func theStandardHasItsMagnitude() throws {
    let night = try night(1)
    let exposure = try #require(night.exposures(named: "IMG1-STD").first)
    let star = try #require(try sources(night, exposure).first)
    let magnitude = Instrument.zeroPoint(filter: exposure.filter) - 2.5 * log10(star.flux)
    #expect(abs(magnitude - Instrument.standardMagnitude) < 1e-9)
    #expect(abs(star.x - 32.5) < 1e-6 && abs(star.y - 32.5) < 1e-6)
    // A sky of 13.0 mag/arcsec2 gives 80 e-/s in a pixel of (4 mas)2.
    #expect(abs(Instrument.zeroPoint(filter: "H") - 29.7475) < 1e-3)
  }

  @Test func pinholesAreDistortedAsTheTruthSays() throws {
    let night = try Night.dithers(seed: 3, size: 256, dithers: 1, darks: 0, flats: 0, skies: 0)
    let exposure = try #require(night.exposures(named: "IMG1-PIN").first)
    let seen = try sources(night, exposure)
    let grid = PinholeGrid(size: 256)
    #expect(seen.count == grid.holes.count && seen.count == 15 * 15)
    let centre = try #require(zip(grid.holes, seen).first { $0.0.x == 0 && $0.0.y == 0 })
    #expect(centre.1.x == 128.5 && centre.1.y == 128.5)
    let corner = grid.distorted(x: 128, y: 128)
    #expect(abs(hypot(corner.x - 128 - 0.1, corner.y - 128) - 0.5) < 1e-12)
  }
}
