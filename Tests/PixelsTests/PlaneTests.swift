import Pixels
import Testing

@Suite struct PlaneTests {
  @Test func copiesOnWrite() {
    let a = Plane<Float>(width: 4, height: 3, repeating: 1)
    var b = a
    b[2, 1] = 7
    #expect(a[2, 1] == 1)
    #expect(b[2, 1] == 7)
    #expect(a != b)
    b[2, 1] = 1
    #expect(a == b)
  }

  @Test func cropsAndPastesTheSamePixels() {
    let a = Plane<Int32>(width: 5, height: 4, elements: (0..<20).map { Int32($0) })
    let window = PixelWindow(subarrayStart1: 2, start2: 3, size1: 3, size2: 2)
    let part = a.cropped(to: window)
    #expect(part.elements == [11, 12, 13, 16, 17, 18])
    var b = Plane<Int32>(width: 5, height: 4, repeating: -1)
    b.paste(part, x0: window.x0, y0: window.y0)
    #expect(b[1, 2] == 11 && b[3, 3] == 18 && b[0, 0] == -1 && b[4, 2] == -1)
  }

  @Test func windowsThatDoNotFitAreSeen() {
    let plane = Plane<UInt8>(width: 5, height: 4, repeating: 0)
    #expect(plane.bounds.contains(plane.bounds))
    #expect(!plane.bounds.contains(PixelWindow(x0: 1, y0: 0, width: 5, height: 4)))
    #expect(!plane.bounds.contains(PixelWindow(x0: -1, y0: 0, width: 2, height: 2)))
    #expect(!plane.bounds.contains(PixelWindow(x0: 0, y0: 0, width: 0, height: 2)))
    #expect(!plane.bounds.contains(PixelWindow(x0: 2, y0: 0, width: Int.max, height: 2)))
    let overlap = plane.bounds.intersection(PixelWindow(x0: 3, y0: 2, width: 9, height: 9))
    #expect(overlap == PixelWindow(x0: 3, y0: 2, width: 2, height: 2))
  }

  @Test func bigBuffersAreAlignedAndReused() {
    var first = 0
    do {
      let a = Plane<Float>(width: 1024, height: 1024, repeating: 0)
      first = a.withUnsafeBuffer { Int(bitPattern: $0.baseAddress) }
      #expect(first % 64 == 0)
    }
    #expect(PixelMemory.retainedBytes <= PixelMemory.retainedByteLimit)
  }

  @Test func rampKeepsItsOrder() {
    var ramp = Ramp<UInt16>(
      integrations: 2, reads: 3, height: 2, width: 2, elements: (0..<24).map { UInt16($0) })
    #expect(ramp[1, 2, 1, 0] == 21)
    #expect(ramp.plane(integration: 1, read: 0).elements == [12, 13, 14, 15])
    ramp.setPlane(Plane(width: 2, height: 2, repeating: 9), integration: 0, read: 1)
    #expect(ramp[0, 1, 0, 1] == 9 && ramp[0, 2, 0, 0] == 8)
  }

  @Test func flagsFollowTheTable() {
    #expect(DQ.doNotUse == 1 && DQ.dead == 1024 && DQ.hot == 2048 && DQ.noFlatField == 1 << 18)
    #expect(DQ.referencePixel == 1 << 31)
    #expect(DQ.names(of: DQ.hot | DQ.doNotUse) == ["DO_NOT_USE", "HOT"])
    #expect(DQ.flag(named: "UNRELIABLE_DARK") == DQ.unreliableDark)
    #expect(DQ.flag(named: "NOPE") == nil)
    for (bit, name) in DQ.tableNames.enumerated() { #expect(DQ.flag(named: name) == 1 << UInt32(bit)) }
  }

  @Test func everyRowIsVisitedOnce() {
    for (height, width) in [(1, 1), (7, 5), (3000, 1000), (5, 1 << 20)] {
      let plane = Plane<UInt8>(width: 1, height: height, repeating: 0)
      let counts = RowCounts(plane)
      forEachRowBand(height: height, width: width) { rows in counts.add(rows) }
      #expect(counts.all.allSatisfy { $0 == 1 })
    }
  }
}
