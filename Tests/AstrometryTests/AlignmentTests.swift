import Astrometry
import Foundation
import Testing

@Suite struct AlignmentTests {
  private let centre = PixelPosition(x: 1000, y: 1000)

  /// Stars of a sky seen by frames of 2000 pixels: each list is what a frame thinks the positions are, `maps`
  /// takes them back.
  private func field(
    seed: UInt64, maps: [PlaneTransform], at corners: [PixelPosition], stars: Int = 400, sigma: Double = 0.01,
    spurious: Int = 0
  ) -> (sky: [PixelPosition], lists: [StarList]) {
    var dice = Dice(seed: seed)
    let sky = (0..<stars).map { _ in dice.place(6000, 2500) }
    var lists: [StarList] = []
    for (map, corner) in zip(maps, corners) {
      let (columns, rows) = (corner.x..<corner.x + 2000, corner.y..<corner.y + 2000)
      var found: [PixelPosition] = []
      for star in sky where columns.contains(star.x) && rows.contains(star.y) && dice.uniform() < 0.9 {
        if let seen = map.inverse?(star) { found.append(dice.scattered(seen, sigma)) }
      }
      for _ in 0..<spurious {
        let p = dice.place(2000, 2000)
        found.append(PixelPosition(x: p.x + corner.x, y: p.y + corner.y))
      }
      lists.append(StarList(positions: found, errors: found.map { _ in sigma }))
    }
    return (sky, lists)
  }

  private func options(_ geometry: FrameAlignmentOptions.Geometry) -> FrameAlignmentOptions {
    FrameAlignmentOptions(geometry: geometry, match: StarMatch(search: 60, tolerance: 1.5, minimum: 5))
  }

  @Test(arguments: FrameAlignmentOptions.Geometry.allCases)
  func mapsAreRecovered(_ geometry: FrameAlignmentOptions.Geometry) throws {
    let truth: PlaneTransform =
      switch geometry {
      case .shift: PlaneTransform(s: 23.4, t: -31.2)
      case .rshift: .turn(degrees: 0.12, about: centre).then(PlaneTransform(s: 5.5, t: 40))
      case .rscale:
        PlaneTransform(a: 1.0004, d: 1.0004, s: -7, t: 3).then(.turn(degrees: -0.05, about: centre))
      case .general: PlaneTransform(a: 1.0003, b: 2e-4, c: -5e-4, d: 0.9996, s: 11, t: -2)
      }
    let origin = PixelPosition(x: 0, y: 0)
    let lists = field(seed: 3, maps: [PlaneTransform.identity, truth], at: [origin, origin], spurious: 20)
      .lists
    let found = try alignFrames(lists, options: options(geometry))
    let map = try #require(found[1].map)
    #expect(found[0].map == .identity && found[1].stars > 80)
    for p in [origin, PixelPosition(x: 2000, y: 0), PixelPosition(x: 2000, y: 2000)] {
      let (a, b) = (map(p), truth(p))
      // 0.014 pixel of each of 100 differences, a corner's error twice that of the middle.
      #expect(abs(a.x - b.x) < 0.01 && abs(a.y - b.y) < 0.01, "\(geometry) \(a) \(b)")
    }
    #expect(abs(map.rotationDegrees - truth.rotationDegrees) < 0.001)
    #expect(abs(found[1].rms - 0.014) < 0.002, "\(found[1].rms)")
  }

  /// Three frames of which the outer two do not overlap: the third follows by way of the second.
  @Test func chainsAreFollowed() throws {
    let truth = [
      PlaneTransform.identity, PlaneTransform(s: 30, t: 12),
      PlaneTransform.turn(degrees: 0.03, about: PixelPosition(x: 4500, y: 1000)).then(
        PlaneTransform(s: -21, t: 8)),
    ]
    let corners = [0.0, 1500, 3000].map { PixelPosition(x: $0, y: 0) }
    let lists = field(seed: 8, maps: truth, at: corners, stars: 800).lists
    let found = try alignFrames(lists, options: options(.rshift))
    for (frame, map) in zip(found, truth) {
      let got = try #require(frame.map)
      for x in [0.0, 2000] {
        let p = PixelPosition(x: x + 3000, y: 1000)
        #expect(distance(got(p), map(p)) < 0.05)
      }
    }
    // Without the middle frame nothing leads to the third.
    let broken = try alignFrames([lists[0], lists[2]], options: options(.rshift))
    #expect(broken[0].map == .identity && broken[1].map == nil && broken[1].stars == 0)
  }

  /// The same stars at another place of the plane.
  private static func moved(_ list: StarList, _ dx: Double) -> StarList {
    var copy = list
    for i in copy.positions.indices { copy.positions[i].x += dx }
    return copy
  }

  /// Two frames here, three there, one by itself: those there are brought onto their own first one.
  @Test func strangersAreAlignedAmongThemselves() throws {
    let here = [PlaneTransform.identity, PlaneTransform(s: 12, t: -7)]
    let there = [
      PlaneTransform.turn(degrees: 0.02, about: centre).then(PlaneTransform(s: -15, t: 4)),
      PlaneTransform(s: 8, t: 21), PlaneTransform(s: -3, t: -18),
    ]
    let origin = PixelPosition(x: 0, y: 0)
    let a = field(seed: 21, maps: here, at: [origin, origin]).lists
    let b = field(seed: 22, maps: there, at: [origin, origin, origin]).lists
    let alone = field(seed: 23, maps: [.identity], at: [origin]).lists
    let lists =
      [a[0]] + [Self.moved(b[0], 9000), Self.moved(b[1], 9000)] + [a[1]] + [Self.moved(alone[0], 30_000)] + [
        Self.moved(b[2], 9000)
      ]
    let found = try alignFrames(lists, options: options(.rshift))
    #expect(found.map(\.group) == [0, 1, 1, 0, nil, 1])
    #expect(found[0].map == .identity && found[1].map == .identity && found[4].map == nil)
    let main = try #require(found[3].map)
    #expect(abs(main.s - 12) < 0.01 && abs(main.t + 7) < 0.01)
    // What takes a frame of the others to their first one: its own truth, then the way back from the first's.
    let back = try #require(there[0].inverse)
    for (i, truth) in [(2, there[1]), (5, there[2])] {
      let map = try #require(found[i].map)
      let p = PixelPosition(x: 500, y: 1200)
      let wanted = back(truth(p))
      let got = map(PixelPosition(x: p.x + 9000, y: p.y))
      #expect(distance(got, PixelPosition(x: wanted.x + 9000, y: wanted.y)) < 0.02, "\(i) \(got) \(wanted)")
      #expect(found[i].stars > 80 && found[i].rms < 0.02)
    }
  }

  /// Displaced stars, a tenth of all, are found again within the tolerance and must not count.
  @Test func wrongMatchesAreRejected() throws {
    let origin = PixelPosition(x: 0, y: 0)
    let truth = PlaneTransform(s: 4, t: 9)
    var lists = field(seed: 5, maps: [PlaneTransform.identity, truth], at: [origin, origin]).lists
    for i in stride(from: 0, to: lists[1].positions.count, by: 10) { lists[1].positions[i].x += 0.6 }
    let found = try alignFrames(lists, options: options(.shift))
    let map = try #require(found[1].map)
    #expect(abs(map.s - 4) < 0.005 && abs(map.t - 9) < 0.005)
    #expect(found[1].rejected >= found[1].stars / 12)
  }

  @Test func catalogsAreFixed() throws {
    let origin = PixelPosition(x: 0, y: 0)
    let truth = [PlaneTransform(s: 14, t: 2), PlaneTransform(s: -9, t: 20)]
    let (sky, lists) = field(seed: 6, maps: truth, at: [origin, PixelPosition(x: 1500, y: 0)])
    let catalog = StarList(positions: sky, errors: sky.map { _ in 0.001 })
    let found = try alignFrames(lists, to: catalog, options: options(.shift))
    for (frame, map) in zip(found, truth) {
      let got = try #require(frame.map)
      #expect(abs(got.s - map.s) < 0.005 && abs(got.t - map.t) < 0.005)
    }
  }

  /// Stars of different fields match nowhere more often than by chance.
  @Test(arguments: [1, 2, 3, 4, 5])
  func strangersDoNotMatch(_ seed: UInt64) {
    var dice = Dice(seed: seed)
    let (a, b) = (
      (0..<200).map { _ in dice.place(2000, 2000) }, (0..<200).map { _ in dice.place(2000, 2000) }
    )
    #expect(StarMatch(search: 50, tolerance: 1.5, minimum: 5).pairs(a, b).isEmpty)
  }

  private func distance(_ a: PixelPosition, _ b: PixelPosition) -> Double { hypot(a.x - b.x, a.y - b.y) }
}
