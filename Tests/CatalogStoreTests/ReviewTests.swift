import CatalogStore
import Testing

/// What a new reference changes is looked at in batches: how far that has come is kept.
@Suite struct ReviewTests {
  private let fixture: CatalogFixture
  private var products: [Int64] = []
  private let reference: ReferenceRecord

  init() throws {
    fixture = try CatalogFixture()
    for n in 1...3 {
      let raw = try fixture.record(fixture.frame("r\(n).fits", n))
      products.append(
        try fixture.reduce(
          "a\(n)", pipeline: "readout", members: [(raw, n, "science")],
          product: fixture.frame("p\(n).fits", 10 + n, state: "current"), kind: "rate"))
    }
    reference = ReferenceRecord(
      file: "tmt_iris_flat_0001.fits", type: "flat", frameID: nil, sha256: CatalogFixture.sha(99), epoch: 0,
      rowKey: "k", context: "tmt_0002.pmap", state: "inserted", reason: nil)
    _ = try fixture.writer.recordReferences([reference], at: 150)
  }

  private func batch(after id: Int64, interval: ClosedRange<Double>? = nil) throws -> [Int64] {
    try fixture.reader.currentProducts(detector: "IMG1", interval: interval, after: id, limit: 2)
  }

  @Test func batchesFollowEachOtherWithoutAGap() throws {
    #expect(try batch(after: 0) == Array(products[..<2]))
    #expect(try batch(after: products[1]) == [products[2]])
    #expect(try batch(after: products[2]) == [])
    let begin = 1_783_000_000.0
    #expect(try batch(after: 0, interval: (begin + 12)...(begin + 20)) == Array(products[1...]))
    #expect(try fixture.reader.currentProducts(detector: "IFS1", interval: nil, after: 0, limit: 9) == [])
  }

  @Test func aReviewThatWasCutShortGoesOnWhereItStopped() throws {
    #expect(try fixture.reader.reviewCursor(reference.file) == 0)
    var found = ReviewedProducts()
    found.stale = [(products[0], "the rules now choose another flat")]
    try fixture.writer.record(found, of: reference, cursor: products[1], at: 200)
    #expect(try fixture.reader.reviewCursor(reference.file) == products[1])
    #expect(try fixture.reader.pendingReviews().map(\.file) == [reference.file])
    #expect(try fixture.reader.frame(id: products[0])?.state == "stale")

    var better = ReviewedProducts()
    better.restored = [products[0]]
    let again = try #require(try fixture.reader.product(frame: products[2])?.association)
    better.again = [again.id]
    try fixture.writer.record(better, of: reference, cursor: products[2], at: 201)
    #expect(try fixture.reader.frame(id: products[0])?.state == "current")
    #expect(try fixture.reader.unsettledAssociations().map(\.id).contains(again.id))
    try fixture.writer.endReview(of: reference)
    #expect(try fixture.reader.pendingReviews() == [])
  }
}
