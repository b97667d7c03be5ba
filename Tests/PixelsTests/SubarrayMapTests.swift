import Foundation
import Pixels
import Testing

@Suite struct SubarrayMapTests {
  private struct Upstream: Decodable {
    struct Entry: Decodable {
      let id, xstart, ystart, xsize, ysize: Int
    }
    let parsed: [Entry]
    let edge: [String: [Entry]]
  }

  private func upstream() throws -> Upstream {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try JSONDecoder().decode(
      Upstream.self, from: Data(contentsOf: tests.appending(path: "Golden/subarray_map.json")))
  }

  private func plane<T: PixelScalar>(
    _ file: GoldenFile, _ name: String, _ convert: (Double) -> T
  ) throws -> Plane<T> {
    let image = try file.image(name)
    return Plane(width: image.shape[1], height: image.shape[0], elements: image.pixels.map(convert))
  }

  private func measured(_ file: GoldenFile, _ value: String, _ error: String?, _ flags: String) throws
    -> Measured
  {
    let values = try plane(file, value) { Float($0) }
    return Measured(
      value: values,
      error: try error.map { try plane(file, $0) { Float($0) } }
        ?? Plane(width: values.width, height: values.height, repeating: 1),
      quality: try plane(file, flags) { UInt32($0) })
  }

  private func map(_ rows: [String]) -> Plane<UInt16> {
    Plane(
      width: rows[0].count, height: rows.count,
      elements: rows.joined().map { UInt16($0.wholeNumberValue ?? 0) })
  }

  @Test func rectanglesAreThoseOfTheReference() throws {
    let input = try GoldenFile("subarray_in.fits")
    let found = subarrays(in: try plane(input, "SUBARR_MAP") { UInt16($0) })
    let golden = try upstream()
    #expect(found.map(\.id) == golden.parsed.map(\.id) && found.count == 3)
    for (ours, theirs) in zip(found, golden.parsed) {
      #expect(
        ours.window
          == PixelWindow(
            subarrayStart1: theirs.xstart, start2: theirs.ystart, size1: theirs.xsize, size2: theirs.ysize))
      #expect(ours.isRectangle)
    }
  }

  /// The reference stops at the first missing number, and takes the window of a shape that is no rectangle from its first
  /// and last pixel (width 0 here): ours are the windows that hold all.
  @Test func everyNumberAndEveryShapeIsFound() throws {
    let golden = try upstream()
    #expect(golden.edge["gap_ids_1_and_3"]?.map(\.id) == [1])
    #expect(golden.edge["non_rectangular"]?.first?.xsize == 0)
    let gap = subarrays(in: map(["00000", "01100", "01103", "00003"]))
    #expect(gap.map(\.id) == [1, 3])
    #expect(gap[0].window == PixelWindow(x0: 1, y0: 1, width: 2, height: 2))
    #expect(gap[1].window == PixelWindow(x0: 4, y0: 2, width: 1, height: 2))
    let odd = subarrays(in: map(["00110", "00100", "01000", "01000"]))
    #expect(odd == [MappedSubarray(id: 1, window: PixelWindow(x0: 1, y0: 0, width: 3, height: 4), count: 5)])
    #expect(!odd[0].isRectangle)
    #expect(golden.edge["empty"]?.isEmpty == true && subarrays(in: map(["000"])).isEmpty)
  }

  /// The reference sets bit 4 where the contract wants NON_SCIENCE, DO_NOT_USE and NaN; everything else agrees.
  @Test func coveredPixelsAreTakenOut() throws {
    let input = try GoldenFile("subarray_in.fits")
    let map = try plane(input, "SUBARR_MAP") { UInt16($0) }
    let before = try measured(input, "DATA", nil, "DQ")
    let theirs = try GoldenFile("parse_subarray_out.fits").image("DQ").flags
    var ours = before
    blankSubarrays(&ours, map: map)
    let (ids, flags, values) = (map.elements, ours.quality.elements, ours.value.elements)
    for i in ids.indices {
      let marks: UInt32 = ids[i] == 0 ? 0 : DQ.nonScience | DQ.doNotUse
      #expect(flags[i] == before.quality.elements[i] | marks)
      #expect(flags[i] | (ids[i] == 0 ? 0 : DQ.outlier) == theirs[i] | marks)
      #expect(values[i].isNaN == (ids[i] != 0))
    }
    let once = ours
    blankSubarrays(&ours, map: map)
    #expect(ours == once)
  }

  /// The reference overwrites the full frame's flags by the subarray's; ours are OR-ed, less the mark of the hole.
  @Test func subarraysAreInserted() throws {
    let input = try GoldenFile("merge_in.fits")
    let output = try GoldenFile("merge_out.fits")
    let map = try plane(input, "SUBARR_MAP") { UInt16($0) }
    let full = try measured(input, "FULL", "FULL_ERR", "FULL_DQ")
    var ours = full
    for subarray in subarrays(in: map) {
      let name = "SUB\(subarray.id)"
      insertSubarray(
        try measured(input, name, name + "_ERR", name + "_DQ"), at: subarray.window, id: UInt16(subarray.id),
        map: map, into: &ours)
    }
    #expect(largestDifference(ours.value.elements.doubles, try output.image("DATA").pixels) == 0)
    #expect(largestDifference(ours.error.elements.doubles, try output.image("ERR").pixels) == 0)
    let theirs = try output.image("DQ").flags
    let (ids, before) = (map.elements, full.quality.elements)
    var kept = 0
    for (i, flags) in ours.quality.elements.enumerated() {
      let own = ids[i] == 0 ? before[i] : before[i] & ~DQ.outlier
      #expect(flags == theirs[i] | own)
      if flags != theirs[i] { kept += 1 }
    }
    #expect(kept > 0, "no flag of the full frame under a subarray: the case shows nothing")
  }

  @Test func marksOfTheHoleGoAndOthersStay() {
    let flags: [UInt32] = [
      DQ.nonScience | DQ.doNotUse, DQ.nonScience | DQ.doNotUse | DQ.dead, DQ.outlier | DQ.doNotUse, DQ.warm,
    ]
    var full = Measured(width: 4, height: 1, repeating: .nan, error: 9)
    full.quality = Plane(width: 4, height: 1, elements: flags)
    let part = Measured(width: 4, height: 1, repeating: 5, error: 1)
    insertSubarray(part, at: full.value.bounds, id: 2, map: nil, into: &full)
    #expect(full.value.elements == [5, 5, 5, 5] && full.error.elements == [1, 1, 1, 1])
    #expect(full.quality.elements == [0, DQ.dead | DQ.doNotUse, DQ.doNotUse, DQ.warm])
  }

  @Test func onlyPixelsOfTheNumberAreReplaced() {
    var full = Measured(width: 4, height: 2, repeating: 1, error: 1)
    let part = Measured(width: 2, height: 2, repeating: 7, error: 2)
    insertSubarray(
      part, at: PixelWindow(x0: 1, y0: 0, width: 2, height: 2), id: 1, map: map(["0120", "0110"]), into: &full
    )
    #expect(full.value.elements == [1, 7, 1, 1, 1, 7, 7, 1])
  }
}
