import Astrometry
import FITSStructure
import Foundation
import Testing

@Suite struct DistortionTests {
  /// A distortion of `size` pixels at the edges of 2048 x 2048, about the middle.
  static func truth(order: Int = 4, size: Double = 3, seed: UInt64 = 1) -> SIPDistortion {
    var dice = Dice(seed: seed)
    let half = 1024.0
    var (a, b) = (Polynomial2D(order: order), Polynomial2D(order: order))
    let terms = Polynomial2D.terms(order: order, from: 2)
    for (p, q) in terms {
      let scale = size / Double(terms.count).squareRoot() / pow(half, Double(p + q))
      a[p, q] = scale * dice.gaussian()
      b[p, q] = scale * dice.gaussian()
    }
    return SIPDistortion(reference: PixelPosition(x: 1024.5, y: 1024.5), a: a, b: b)
  }

  private let grid = (0..<40).flatMap { j in (0..<40).map { PixelPosition(x: Double($0), y: Double(j)) } }

  /// Pinholes 51.2 pixels apart on the detector as a distortion and a mask's shift and turn show them.
  private func pinholes(_ truth: SIPDistortion, turn: Double, shift: Double, sigma: Double, seed: UInt64)
    -> [PixelPosition]
  {
    var dice = Dice(seed: seed)
    let map = PlaneTransform(a: 51.2, d: 51.2, s: 25.6 + shift, t: 25.9)
      .then(.turn(degrees: turn, about: PixelPosition(x: 1024.5, y: 1024.5)))
    return grid.map { dice.scattered(truth.distorted(map($0)), sigma) }
  }

  private func problem(
    _ exposures: [[PixelPosition]], sigma: Double, order: Int = 4, freedom: Double = 0
  ) -> DistortionProblem {
    let inside = 0.5..<2048.5
    var observations: [DistortionProblem.Observation] = []
    for (j, seen) in exposures.enumerated() {
      for (k, pixel) in seen.enumerated() where inside.contains(pixel.x) && inside.contains(pixel.y) {
        observations.append(.init(exposure: j, object: k, pixel: pixel, error: sigma))
      }
    }
    return DistortionProblem(
      width: 2048, height: 2048, objects: grid, freedom: freedom, observations: observations, order: order)
  }

  /// Differences of two distortions over the detector, without the shift, turn and scale that no pinhole mask
  /// knows.
  private func differences(_ a: SIPDistortion, _ b: SIPDistortion, margin: Double = 50) -> [PixelPosition] {
    var (p, q): ([PixelPosition], [PixelPosition]) = ([], [])
    let step = (2048 - 2 * margin) / 20
    for j in 0...20 {
      for i in 0...20 {
        let pixel = PixelPosition(x: margin + step * Double(i), y: margin + step * Double(j))
        p.append(a.undistorted(pixel))
        q.append(b.undistorted(pixel))
      }
    }
    let map = PlaneTransform.similarity(p, q) ?? .identity
    return zip(p, q).map { difference(map($0), $1) }
  }

  @Test func pinholesGiveTheDistortion() throws {
    let truth = Self.truth()
    let seen = pinholes(truth, turn: 0.7, shift: 0, sigma: 0.01, seed: 4)
    var given = problem([seen], sigma: 0.01)
    // Two blends: off by half a pixel.
    given.observations[100].pixel.x += 0.5
    given.observations[900].pixel.y -= 0.4
    let found = try given.solved()
    // 1600 points of 0.01 pixel leave 30 coefficients known to 0.01 sqrt(30 / 3200) = 0.001 on average.
    let off = rms(differences(found.distortion, truth))
    #expect(off < 0.0025, "\(off)")
    #expect(!found.isUsed[100] && !found.isUsed[900] && found.isUsed.filter { !$0 }.count < 30)
    #expect(abs(found.rms - 0.01) < 0.001, "\(found.rms)")
    #expect(
      abs(found.exposures[0].scale * 51.2 - 1) < 1e-3 && abs(found.exposures[0].rotationDegrees + 0.7) < 0.05)
    #expect(found.distortion.a[0, 0] == 0)
    #expect(abs(found.distortion.a[0, 1] - found.distortion.b[1, 0]) < 1e-12)
    let largest = try #require(found.distortion.inverse?.largestError)
    #expect(largest <= 1e-3, "\(largest)")
  }

  @Test(arguments: [2, 3, 5, 7, 9])
  func exactPinholesGiveItExactly(_ order: Int) throws {
    let truth = Self.truth(order: order, seed: UInt64(order))
    let seen = pinholes(truth, turn: -0.2, shift: 3, sigma: 0, seed: 1)
    let found = try problem([seen], sigma: 1, order: order).solved()
    #expect(rms(differences(found.distortion, truth)) < 1e-7)
    #expect(found.rms < 1e-7)
  }

  /// A mask whose pinholes are off by 0.05 pixel: one exposure takes that for distortion; eight with shifts
  /// and turns do not.
  @Test func freePinholesAreCalibratedToo() throws {
    let truth = Self.truth(seed: 9)
    var dice = Dice(seed: 77)
    let offsets = grid.map { _ in dice.scattered(PixelPosition(x: 0, y: 0), 0.05 / 51.2) }
    let map = PlaneTransform(a: 51.2, d: 51.2, s: 25.6, t: 25.9)
    var exposures: [[PixelPosition]] = []
    for j in 0..<8 {
      let turn = PlaneTransform.turn(degrees: Double(j % 4) * 90, about: PixelPosition(x: 1024.5, y: 1024.5))
      let shift = j > 3 ? PlaneTransform(s: 150, t: 90) : .identity
      let place = map.then(turn).then(shift)
      var seen: [PixelPosition] = []
      for (p, d) in zip(grid, offsets) {
        let pixel = truth.distorted(place(PixelPosition(x: p.x + d.x, y: p.y + d.y)))
        seen.append(dice.scattered(pixel, 0.005))
      }
      exposures.append(seen)
    }
    let alone = try problem([exposures[0]], sigma: 0.005).solved()
    let together = try problem(exposures, sigma: 0.005, freedom: 0.05).solved()
    let (before, after) = (
      rms(differences(alone.distortion, truth)), rms(differences(together.distortion, truth))
    )
    // The mask's errors are averaged over 30 coefficients: 0.05 sqrt(15 / 1600) = 0.0048.
    #expect(before > 0.003 && after < 0.001, "\(before) \(after)")
    #expect(abs(together.rms - 0.005) < 0.0007, "\(together.rms)")
    let errors = zip(together.offsets, offsets).map { found, d in
      difference(found, PixelPosition(x: 51.2 * d.x, y: 51.2 * d.y))
    }
    #expect(rms(errors) < 0.006, "\(rms(errors))")
  }

  /// Dithered stars of unknown places: the distortion is what makes them agree.
  @Test func ditheredStarsGiveItToo() throws {
    let truth = Self.truth(order: 3, seed: 12)
    var dice = Dice(seed: 5)
    let stars = (0..<900).map { _ in
      PixelPosition(x: -400 + 2848 * dice.uniform(), y: -400 + 2848 * dice.uniform())
    }
    var exposures: [[PixelPosition]] = []
    for j in 0..<9 {
      let shift = PlaneTransform(s: 300 * Double(j % 3 - 1) + 17 * Double(j), t: 290 * Double(j / 3 - 1))
      let turn = PlaneTransform.turn(degrees: 10 * Double(j), about: PixelPosition(x: 1000, y: 900))
      let place = shift.then(turn)
      exposures.append(stars.map { dice.scattered(truth.distorted(place($0)), 0.01) })
    }
    var given = problem(exposures, sigma: 0.01, order: 3, freedom: .infinity)
    given.objects = stars.map { dice.scattered($0, 0.5) }
    let found = try given.solved()
    #expect(rms(differences(found.distortion, truth)) < 0.005, "\(rms(differences(found.distortion, truth)))")
    #expect(abs(found.rms - 0.01 * (8.0 / 9).squareRoot()) < 0.0015, "\(found.rms)")
  }

  @Test func badPinholesAreRefused() throws {
    let seen = pinholes(Self.truth(), turn: 0, shift: 0, sigma: 0.01, seed: 4)
    func refusal(_ edit: (inout DistortionProblem) -> Void) -> String? {
      var given = problem([seen], sigma: 0.01)
      edit(&given)
      do throws(AstrometryError) {
        _ = try given.solved()
        return nil
      } catch {
        return error.code
      }
    }
    #expect(refusal { _ in } == nil)
    #expect(refusal { $0.order = 10 } == "distortion-order")
    // Order 4 has 15 coefficients.
    #expect(refusal { $0.observations = Array($0.observations.shuffledEvenly(44)) } == "too-few-points")
    #expect(refusal { $0.observations = Array($0.observations.shuffledEvenly(60)) } == nil)
    #expect(refusal { $0.observations.removeAll { $0.pixel.x > 1400 } } == "distortion-hole")
    #expect(refusal { $0.observations.removeAll { $0.pixel.x > 1900 } } == nil)
    var dice = Dice(seed: 8)
    #expect(
      refusal { given in
        for i in given.observations.indices {
          given.observations[i].pixel = dice.scattered(given.observations[i].pixel, 0.15)
        }
      } == "distortion-rms")
  }

  @Test func theWayBackIsExactByIterationAndCloseByPolynomials() throws {
    let truth = try Self.truth(size: 6).withInverse(width: 2048, height: 2048)
    let inverse = try #require(truth.inverse)
    for (x, y) in [(1.0, 1.0), (1024, 700), (2048, 2048), (3, 2000)] {
      let pixel = PixelPosition(x: x, y: y)
      let place = truth.undistorted(pixel)
      let back = truth.distorted(place)
      #expect(abs(back.x - x) < 1e-8 && abs(back.y - y) < 1e-8)
      let (u, v) = (place.x - truth.reference.x, place.y - truth.reference.y)
      #expect(abs(place.x + inverse.ap(u, v) - x) < 1e-3 && abs(place.y + inverse.bp(u, v) - y) < 1e-3)
    }
    let read = try #require(try SIPDistortion(cards: truth.cards, reference: truth.reference))
    #expect(read.a == truth.a && read.b == truth.b && read.inverse?.ap == inverse.ap)
  }

  /// SIP and TPV give the same sky within a millionth of a pixel, and lead back to each other.
  @Test(arguments: [2, 3, 4, 5, 6, 7])
  func bothFormsShowOneSky(_ order: Int) throws {
    let truth = Self.truth(order: order, size: 5, seed: UInt64(20 + order))
    let plane = TangentPlane(at: SkyPosition(ra: 83.6, dec: -69.2))
    var system = try TangentSystem(
      SkyWCS(cards: plane.cards(reference: truth.reference, scale: 0.004, positionAngle: 33)))
    system.distortion = truth
    let (sip, tpv) = (try system.wcs(.sip), try system.wcs(.tpv))
    #expect(
      tpv.cards.contains { $0.string == "RA---TPV" } && sip.cards.contains { $0.string == "RA---TAN-SIP" })
    let pixels = (0..<64).map { PixelPosition(x: 1 + Double($0 % 8) * 292, y: 1 + Double($0 / 8) * 292) }
    let sky = sip.sky(atFITSPixels: pixels)
    for (a, b) in zip(sky, tpv.sky(atFITSPixels: pixels)) {
      #expect(separation(a, b) * 3600 / 0.004 < 1e-6, "\(separation(a, b) * 3600 / 0.004)")
    }
    // It is a distortion, and wcslib's SIP is ours.
    let none = try system.wcs(.none).fitsPixels(of: sky)
    for (pixel, place) in zip(pixels, none) {
      let wanted = truth.undistorted(pixel)
      #expect(abs(wanted.x - place.x) < 1e-5 && abs(wanted.y - place.y) < 1e-5)
    }
    let back = try TangentSystem(tpv).distortion
    for (a, b) in zip(try #require(back).cards, truth.cards) {
      let (got, wanted) = (a.double ?? .nan, b.double ?? .nan)
      #expect(a.keyword == b.keyword && abs(got - wanted) <= 1e-9 * abs(wanted), "\(a) \(b)")
    }
  }

  @Test func higherOrdersThanSevenHaveNoTPV() throws {
    let truth = Self.truth(order: 8)
    var system = try TangentSystem(
      SkyWCS(
        cards: TangentPlane(at: SkyPosition(ra: 1, dec: 2)).cards(
          reference: truth.reference, scale: 0.004, positionAngle: 0)))
    system.distortion = truth
    #expect(throws: AstrometryError.self) { try system.wcs(.tpv) }
    _ = try system.wcs(.sip)
  }

  /// A system seen through a distortion with linear terms and another reference pixel than its own shows, at
  /// every pixel, the sky that the plain system shows at the undistorted one.
  @Test func detectorsDistortionGoesIntoAnySystem() throws {
    var given = Self.truth(order: 4)
    (given.a[1, 0], given.a[0, 1], given.b[1, 0], given.b[0, 1]) = (8e-4, 3e-4, 3e-4, -8e-4)
    (given.a[0, 0], given.b[0, 0]) = (0.3, -0.2)
    let plain = try SkyWCS(
      cards: TangentPlane(at: SkyPosition(ra: 10, dec: 80)).cards(
        reference: PixelPosition(x: 300, y: 1900), scale: 0.004, positionAngle: -50))
    let system = try TangentSystem(plain).distorted(by: given, radius: 1448)
    let wcs = try system.wcs()
    #expect(system.reference == given.reference && system.distortion?.a[1, 0] == 0)
    let pixels = (0..<36).map { PixelPosition(x: 1 + Double($0 % 6) * 409, y: 1 + Double($0 / 6) * 409) }
    let wanted = plain.sky(atFITSPixels: pixels.map(given.undistorted))
    for (a, b) in zip(wcs.sky(atFITSPixels: pixels), wanted) {
      #expect(separation(a, b) * 3600 / 0.004 < 1e-4, "\(separation(a, b) * 3600 / 0.004)")
    }
  }

  @Test func systemsMoveByMapsOfThePlane() throws {
    var system = try TangentSystem(
      SkyWCS(
        cards: TangentPlane(at: SkyPosition(ra: 200, dec: 45)).cards(
          reference: PixelPosition(x: 1500, y: 200), scale: 0.004, positionAngle: 10)))
    system.distortion = Self.truth().about(system.reference)
    let plane = TangentPlane(at: SkyPosition(ra: 200.001, dec: 45.002))
    let map = PlaneTransform.turn(degrees: 0.3, about: PixelPosition(x: 1, y: 2)).then(
      PlaneTransform(s: 0.5, t: -0.8))
    let before = try system.wcs()
    let after = try system.moved(by: map, in: plane, radius: 1448).wcs()
    let pixels = (0..<36).map { PixelPosition(x: 1 + Double($0 % 6) * 409, y: 1 + Double($0 / 6) * 409) }
    for (a, b) in zip(before.sky(atFITSPixels: pixels), after.sky(atFITSPixels: pixels)) {
      let (p, q) = (plane.offset(of: a), plane.offset(of: b))
      let wanted = map(PixelPosition(x: p.east, y: p.north))
      #expect(hypot(wanted.x - q.east, wanted.y - q.north) / 0.004 < 1e-4)
    }
  }

  @Test func latticesAreFoundThroughTurnsGapsAndStrangers() throws {
    var dice = Dice(seed: 2)
    let truth = Self.truth(size: 5)
    let map = PlaneTransform(a: 51.2, d: 51.2, s: 25.6, t: 25.9)
      .then(.turn(degrees: 31, about: PixelPosition(x: 1024.5, y: 1024.5)))
    var (points, wanted): ([PixelPosition], [PixelPosition]) = ([], [])
    for p in grid where dice.uniform() > 0.1 {
      points.append(dice.scattered(truth.distorted(map(p)), 0.3))
      wanted.append(p)
    }
    for _ in 0..<60 { points.append(dice.place(2048, 2048)) }
    let lattice = try Lattice(of: points)
    #expect(abs(lattice.pitch - 51.2) < 0.3)
    let pairs = zip(lattice.indices, wanted).compactMap { found, p in found.map { ($0, p) } }
    let first = try #require(pairs.first)
    for (found, p) in pairs {
      #expect(found.column - first.0.column == Int(p.x - first.1.x))
      #expect(found.row - first.0.row == Int(p.y - first.1.y))
    }
    #expect(pairs.count >= wanted.count - 30, "\(pairs.count) of \(wanted.count)")
    #expect(throws: AstrometryError.self) { try Lattice(of: Array(points.prefix(5))) }
  }
}

extension Array {
  /// `count` elements spread over all.
  fileprivate func shuffledEvenly(_ count: Int) -> [Element] {
    var dice = Dice(seed: 3)
    return indices.map { (dice.uniform(), $0) }.sorted { $0.0 < $1.0 }.prefix(count).map { self[$0.1] }
  }
}
