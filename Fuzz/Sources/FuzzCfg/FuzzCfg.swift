import CfgFormat

/// Text as a `.cfg`: read or refused with its faults.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCfg(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: data, count: count), as: UTF8.self)
  let (_, faults) = CfgDocument.checking(text: text, path: "fuzz.cfg")
  let isRead = (try? CfgDocument(text: text, path: "fuzz.cfg")) != nil
  precondition(isRead == faults.isEmpty, "a document with faults is not read")
  return 0
}
