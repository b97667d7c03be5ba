import References

private let headers: [[String: String]] = [
  [
    "INSTRUME": "IRIS", "DETECTOR": "IRIS1", "FILTER": "K", "PUPIL": "CLEAR", "SUBARRAY": "FULL",
    "DATE-OBS": "2019-03-01", "TIME-OBS": "12:34:56", "EXPTIME": "100.0",
  ],
  ["META.INSTRUMENT.NAME": "IRIS", "META.OBSERVATION.DATE": "2026-07-14", "DETECTOR": "N/A"], [:],
]

/// Text as an rmap: read or refused, and looked up when it is read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMapping(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: data, count: count), as: UTF8.self)
  guard let rules = try? ReferenceRules(text: text, name: "fuzz.rmap") else { return 0 }
  for header in headers { _ = rules.bestReference(header: header) }
  _ = rules.rows
  return 0
}
