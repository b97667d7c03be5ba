import Foundation
import Pixels
import SourceExtraction
import Testing

/// The iterative sky of dithered frames against what was put in (ALGORITHMS 1.7 T).
@Suite struct ScaledSkyTests {
  private static let size = SimulatedDithers.size
  /// A flux that is S/N 50 in an aperture of 5 pixels radius on this sky.
  private static let bright =
    50 * (Double.pi * 25 * SimulatedDithers.sky / SimulatedDithers.gain).squareRoot()

  /// Acceptance: low-order residual at most 0.02 % of the sky, noise at most 1.05 of theory, errors that say so, and
  /// flux bias below 0.5 % at S/N 50.
  @Test func ofNineDithers() throws {
    let truth = SimulatedDithers(
      seed: 1, starCount: 100, fluxes: [Self.bright, Self.bright, 0.2 * Self.bright, 3 * Self.bright])
    let found = try scaledSky(truth.dithers, shifts: truth.shifts)
    let settled = try found.sky.settled()
    let residual = try Self.residual(truth, settled)
    let bias = try Self.fluxBias(truth, settled)
    print(
      "scaled sky of 9 dithers: \(found.rounds) rounds, added \(found.added), masked \(found.maskedShare);",
      "low-order residual rms \(residual.lowOrder * 100) % of sky, mean \(residual.mean * 100) %;",
      "noise \(residual.noise) of theory; flux bias \(bias.mean * 100) +- \(bias.error * 100) % of",
      "\(bias.count) stars of S/N 50")
    #expect(residual.lowOrder < 2e-4 && abs(residual.mean) < 2e-4)
    #expect(residual.noise < 1.05 && residual.noise > 0.95)
    #expect(abs(bias.mean) < 5e-3 && bias.error < 2.5e-3)
    #expect(found.rounds < 5 && !found.isCrowded)
  }

  /// What the masks are for: a sky of unmasked neighbours takes more of the stars away.
  @Test func withoutMasksStarsAreLost() throws {
    let truth = SimulatedDithers(seed: 2, starCount: 500, fluxes: [Self.bright, 3 * Self.bright])
    var plain = truth.dithers
    for i in truth.frames.indices { plain.levels[i] = try plain.level(of: i) }
    let without = try Self.fluxBias(truth, plain.settled()).mean
    let with = try Self.fluxBias(truth, scaledSky(truth.dithers, shifts: truth.shifts).sky.settled()).mean
    print("flux bias in a dense field: \(with * 100) % masked, \(without * 100) % not masked")
    #expect(abs(with) < 5e-3)
    #expect(abs(with) < 0.5 * abs(without))
  }

  /// Without positions each frame is searched in the place of the stack.
  @Test func withoutPositions() throws {
    let truth = SimulatedDithers(seed: 3, fluxes: [Self.bright])
    let found = try scaledSky(truth.dithers, shifts: nil)
    let residual = try Self.residual(truth, found.sky.settled())
    print("scaled sky without positions: \(found.rounds) rounds, residual \(residual.lowOrder * 100) %")
    #expect(residual.lowOrder < 2e-4 && residual.noise < 1.05)
    #expect(found.deepSources == nil)
  }

  /// The stack shows what single frames do not.
  @Test func theStackFindsFainterSources() throws {
    let truth = SimulatedDithers(seed: 4, starCount: 80, fluxes: [0.08 * Self.bright])
    let shallow = try scaledSky(truth.dithers, shifts: nil, options: ScaledSkyOptions(maximumRounds: 1))
    let deep = try scaledSky(truth.dithers, shifts: truth.shifts)
    let (few, many) = (Self.covered(truth, shallow.sky.masks), Self.covered(truth, deep.sky.masks))
    print("stars of S/N 4 masked: \(few) by frames, \(many) by their stack")
    #expect(many > 0.9 && many > few + 0.2)
  }

  /// Whether all S fit in memory or are made anew whenever they are asked for is no difference.
  @Test func keptAndMadeAnewAreTheSame() throws {
    let truth = SimulatedDithers(frames: 5, seed: 5, starCount: 30, fluxes: [Self.bright])
    let kept = try scaledSky(truth.dithers, shifts: truth.shifts)
    let anew = try scaledSky(
      truth.dithers, shifts: truth.shifts, options: ScaledSkyOptions(memoryLimit: 0))
    #expect(kept.sky.levels == anew.sky.levels && kept.sky.masks == anew.sky.masks)
    let (a, b) = (try kept.sky.settled(), try anew.sky.settled(memoryLimit: 0))
    for i in 0..<5 {
      #expect(try a.sky(of: i, rows: 0..<Self.size) == b.sky(of: i, rows: 0..<Self.size))
      let whole = try a.sky(of: i, rows: 0..<Self.size)
      let part = PixelWindow(x0: 0, y0: 100, width: Self.size, height: 33)
      #expect(try a.sky(of: i, rows: 100..<133) == whole.cropped(to: part))
    }
  }

  /// A field full of stars is called crowded, and neighbours are not asked.
  @Test func crowdedField() throws {
    let truth = SimulatedDithers(seed: 6, starCount: 4500, fluxes: [Self.bright, 0.5 * Self.bright])
    let found = try scaledSky(truth.dithers, shifts: truth.shifts)
    print("crowded field: masked \(found.maskedShare)")
    #expect(found.isCrowded)
  }

  private struct Residual {
    var lowOrder: Double
    var mean: Double
    var noise: Double
  }

  /// Sky less true sky in blocks of 64 pixels, in units of the sky, and what frames less sky less truth scatter in
  /// units of their errors.
  private static func residual(_ truth: SimulatedDithers, _ settled: SettledSky) throws -> Residual {
    var blocks: [Double] = []
    var (squares, count) = (0.0, 0.0)
    for i in truth.frames.indices {
      let sky = try settled.sky(of: i, rows: 0..<size)
      let left = subtract(truth.frames[i], sky)
      for block in 0..<25 {
        let (x0, y0) = (block % 5 * 64, block / 5 * 64)
        var (sum, pixels) = (0.0, 0.0)
        for y in y0..<y0 + 64 {
          for x in x0..<x0 + 64 where left.quality[x, y] & DQ.doNotUse == 0 {
            sum += Double(sky.value[x, y] - truth.skies[i][x, y])
            pixels += 1
            let pull = Double((left.value[x, y] - truth.light[i][x, y]) / left.error[x, y])
            squares += pull * pull
            count += 1
          }
        }
        blocks.append(sum / pixels / SimulatedDithers.sky)
      }
    }
    let mean = blocks.reduce(0, +) / Double(blocks.count)
    let rms = (blocks.reduce(0) { $0 + $1 * $1 } / Double(blocks.count)).squareRoot()
    return Residual(lowOrder: rms, mean: mean, noise: (squares / count).squareRoot())
  }

  /// Flux of the bright stars in apertures of 5 pixels, over the truth in the same pixels, less 1.
  private static func fluxBias(
    _ truth: SimulatedDithers, _ settled: SettledSky
  ) throws -> (mean: Double, error: Double, count: Int) {
    var shares: [Double] = []
    for i in truth.frames.indices {
      let left = try settled.subtracted(i, rows: 0..<size)
      for star in truth.stars where star.flux == bright {
        let x = star.x - Double(truth.shifts[i].x)
        let y = star.y - Double(truth.shifts[i].y)
        guard x > 8, y > 8, x < Double(size - 9), y < Double(size - 9) else { continue }
        var (flux, wanted) = (0.0, 0.0)
        for py in Int(y) - 5...Int(y) + 6 {
          for px in Int(x) - 5...Int(x) + 6 where left.quality[px, py] & DQ.doNotUse == 0 {
            guard hypot(Double(px) - x, Double(py) - y) <= 5 else { continue }
            flux += Double(left.value[px, py])
            wanted += Double(truth.light[i][px, py])
          }
        }
        shares.append(flux / wanted - 1)
      }
    }
    let mean = shares.reduce(0, +) / Double(shares.count)
    let square = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shares.count)
    return (mean, (square / Double(shares.count)).squareRoot(), shares.count)
  }

  /// The share of stars whose centre is masked, over all frames.
  private static func covered(_ truth: SimulatedDithers, _ masks: [PixelMask]) -> Double {
    var (inside, all) = (0.0, 0.0)
    for i in masks.indices {
      for star in truth.stars {
        let x = Int((star.x - Double(truth.shifts[i].x)).rounded())
        let y = Int((star.y - Double(truth.shifts[i].y)).rounded())
        guard x >= 4, y >= 4, x < size - 4, y < size - 4 else { continue }
        all += 1
        inside += masks[i].contains(x: x, y: y) ? 1 : 0
      }
    }
    return inside / all
  }
}
