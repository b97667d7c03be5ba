import CatalogStore
import Testing

@Suite struct StatusTests {
  @Test func countsReasonsAndNextCommands() throws {
    let fixture = try CatalogFixture()
    try fixture.record(fixture.frame("good.fits", 1))
    try fixture.record(fixture.frame("it's held.fits", 2, state: "held", reason: "unknown DETECTOR 'X'"))
    try fixture.record(fixture.frame("cut.fits", 3, state: "quarantined", reason: "truncated in HDU 1"))
    let status = try fixture.reader.status(now: 10)
    #expect(status.files == ["classified": 1, "held": 1, "quarantined": 1])
    #expect(status.held.map(\.reason) == ["unknown DETECTOR 'X'"])
    #expect(status.held.map(\.next) == ["irisarchive show 'it'\\''s held.fits' --header"])
    #expect(status.quarantined.map(\.name) == ["cut.fits"])
    #expect(status.arrivedLastMinute == 3)
  }

  @Test func delaysAreNearestRankPercentiles() throws {
    let fixture = try CatalogFixture()
    for n in 1...100 {
      _ = try fixture.writer.record(fixture.frame("f\(n).fits", n), recordedAt: Double(n) + Double(n) / 1000)
    }
    let delay = try fixture.reader.status(now: 1000).closeToCatalog
    #expect(delay.count == 100)
    #expect(abs((delay.p50 ?? 0) - 0.050) < 1e-6)
    #expect(abs((delay.p95 ?? 0) - 0.095) < 1e-6)
    #expect(abs((delay.p99 ?? 0) - 0.099) < 1e-6)
  }

  @Test func productsAreMeasuredFromTheirLastInput() throws {
    let fixture = try CatalogFixture()
    let (a, b) = (
      try fixture.record(fixture.frame("a.fits", 80)), try fixture.record(fixture.frame("b.fits", 90))
    )
    _ = try fixture.reduce(
      "a1", pipeline: "create_dark", members: [(a, 80, "dark"), (b, 90, "dark")],
      product: fixture.frame("m.fits", 95, state: "current"), kind: "dark")
    #expect(try fixture.reader.status(now: 1000).closeToProduct.p50 == 20)
  }

  @Test func whatOnlyPrecededAProductIsNotItsLastInput() throws {
    let fixture = try CatalogFixture()
    let (a, b) = (
      try fixture.record(fixture.frame("a.fits", 80)), try fixture.record(fixture.frame("b.fits", 90))
    )
    _ = try fixture.reduce(
      "a1", pipeline: "readout", members: [(a, 80, "science"), (b, 90, "previous")],
      product: fixture.frame("m.fits", 95, state: "current"), kind: "rate")
    #expect(try fixture.reader.status(now: 1000).closeToProduct.p50 == 30)
  }

  @Test func emptyCatalogHasAStatus() throws {
    let status = try CatalogFixture().reader.status(now: 0)
    #expect(status.files.isEmpty && status.closeToCatalog.p99 == nil && status.waiting.isEmpty)
  }
}
