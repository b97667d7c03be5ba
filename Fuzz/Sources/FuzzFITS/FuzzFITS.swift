import FITSStructure
import Glibc

/// A nameless file in memory, filled anew for each input.
private let descriptor: Int32 = {
  var name = Array("/dev/shm/fuzz-XXXXXX".utf8CString)
  let descriptor = mkstemp(&name)
  precondition(descriptor >= 0, "no file in /dev/shm")
  unlink(name)
  return descriptor
}()

/// Bytes as a file: structure, headers, cards and checksums. The two ways to read must agree.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFITS(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  precondition(ftruncate(descriptor, 0) == 0 && (count == 0 || pwrite(descriptor, data, count, 0) == count))
  let limits = Limits(maxInflatedBytes: 8 << 20, inflatedBytesAlwaysAllowed: 1 << 20)
  var seen = 0
  guard
    let (verified, verdicts) = try? FileStructure.readVerifying(
      descriptor: descriptor, hasWriter: false, limits: limits, onBytes: { seen += $0.count }),
    let plain = try? FileStructure.read(descriptor: descriptor, hasWriter: false, limits: limits)
  else { return 0 }
  precondition(seen == count, "each byte is shown once")
  precondition(plain.completeness == verified.completeness, "both ways agree")
  precondition(verdicts.count <= verified.hdus.count)
  for hdu in verified.hdus {
    precondition(hdu.header.text.unicodeScalars.count % 80 == 0)
    for card in hdu.header.cards where card.value != nil { _ = try? card.printable.formatted() }
  }
  return 0
}
