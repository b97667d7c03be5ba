/// Follows the HDUs of a FITS byte stream that is handed over piece by piece, in order.
///
/// A state machine without any input of its own: pieces are multiples of 2880 bytes except the last. Data
/// bytes may be skipped unless checksums are verified.
struct StructureScanner {
  static let blockBytes = 2880

  /// What the next byte belongs to.
  enum Phase {
    case header
    case data(end: UInt64)
    case trailing(from: UInt64)
    case refused(String)
  }

  let limits: Limits
  let verifying: Bool
  private(set) var hdus: [HDUStructure] = []
  private(set) var verdicts: [ChecksumVerdict] = []
  private(set) var position: UInt64 = 0
  private(set) var phase = Phase.header
  private var headerStart: UInt64 = 0
  private var header: [UInt8] = []
  private var keywords = StructuralKeywords()
  private var cardsSeen = 0
  private var headerSum: UInt32 = 0
  private var dataSum: UInt32 = 0

  init(limits: Limits, verifying: Bool) {
    self.limits = limits
    self.verifying = verifying
  }

  /// Takes the next bytes of the stream.
  mutating func consume(_ bytes: UnsafeRawBufferPointer) {
    var offset = 0
    while offset < bytes.count {
      switch phase {
      case .header:
        let end = min(offset + Self.blockBytes, bytes.count)
        consumeHeader(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
        offset = end
      case .data(let dataEnd):
        let count = Int(min(UInt64(bytes.count - offset), dataEnd - position))
        let piece = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
        if verifying { dataSum = checksumAccumulate(piece, into: dataSum) }
        advance(UInt64(count), dataEnd)
        offset += count
      case .trailing, .refused:
        position += UInt64(bytes.count - offset)
        offset = bytes.count
      }
    }
  }

  /// Bytes that need not be handed over: call `skip` instead.
  var skippable: UInt64 {
    switch phase {
    case .header: 0
    case .data(let end): verifying ? 0 : end - position
    case .trailing, .refused: .max
    }
  }

  /// Passes over bytes of the stream, at most `skippable`.
  mutating func skip(_ count: UInt64) {
    if case .data(let end) = phase { advance(count, end) } else { position += count }
  }

  /// The verdict at the end of the stream.
  func completeness(hasWriter: Bool) -> Completeness {
    switch phase {
    case .refused(let reason): return .notFITS(reason: reason)
    case .trailing(let from): return .trailingBytes(position - from)
    case .data(let end):
      let isPadding = hdus.last.map { position >= $0.dataOffset + $0.dataBytes } ?? false
      return missing(end, isPadding ? "padding" : "data", hasWriter)
    case .header:
      if position == headerStart, !hdus.isEmpty { return .complete }
      if position == 0, !hasWriter { return .notFITS(reason: "the file is empty") }
      let blocks = (position - headerStart) / UInt64(Self.blockBytes) + 1
      return missing(headerStart + blocks * UInt64(Self.blockBytes), "header (no END)", hasWriter)
    }
  }

  private func missing(_ need: UInt64, _ part: String, _ hasWriter: Bool) -> Completeness {
    if hasWriter { return .stillGrowing(have: position, need: need) }
    let isHeader = if case .header = phase { true } else { false }
    return .truncated(
      have: position, need: need, where: "\(part) of HDU \(isHeader ? hdus.count : hdus.count - 1)")
  }

  private mutating func advance(_ count: UInt64, _ end: UInt64) {
    position += count
    if position >= end { finishHDU() }
  }
}

extension StructureScanner {
  /// One block of a header, or the short rest of the stream.
  private mutating func consumeHeader(_ block: UnsafeRawBufferPointer) {
    if position == headerStart, !startsHDU(block) {
      position += UInt64(block.count)
      return
    }
    position += UInt64(block.count)
    if verifying { headerSum = checksumAccumulate(block, into: headerSum) }
    var offset = 0
    while offset + RecordParser.recordBytes <= block.count {
      let record = UnsafeRawBufferPointer(rebasing: block[offset..<offset + RecordParser.recordBytes])
      if keywords.note(record) {
        header.append(contentsOf: block[..<offset])
        if block.count == Self.blockBytes { finishHeader() }
        return
      }
      offset += RecordParser.recordBytes
    }
    header.append(contentsOf: block[..<offset])
    checkHeaderLength()
  }

  private mutating func checkHeaderLength() {
    let cards = header.count / RecordParser.recordBytes
    if cards > limits.maxCardsPerHeader || cardsSeen + cards > limits.maxCards {
      refuse("the header has no END within \(cards) records")
    }
  }

  /// Whether a header starts here; if not, the phase says what else this is.
  private mutating func startsHDU(_ block: UnsafeRawBufferPointer) -> Bool {
    let start: StaticString = hdus.isEmpty ? "SIMPLE  =" : "XTENSION="
    let length = min(block.count, start.utf8CodeUnitCount)
    let matches = (0..<length).allSatisfy { block[$0] == start.utf8Start[$0] }
    if matches, hdus.count < limits.maxHDUs { return true }
    if matches {
      phase = .refused("it has more than \(limits.maxHDUs) HDUs")
    } else if hdus.isEmpty {
      phase = .refused(Self.describe(block))
    } else {
      phase = .trailing(from: position)
    }
    return false
  }

  /// What a file that is not FITS looks like.
  private static func describe(_ block: UnsafeRawBufferPointer) -> String {
    let isText = block.allSatisfy { $0 >= 0x20 && $0 < 0x7F || (0x09...0x0D).contains($0) || $0 >= 0xC2 }
    let zeros = block.allSatisfy { $0 == 0 }
    let kind = isText ? "it is text" : zeros ? "it begins with zeros" : "it is binary data of another kind"
    return "the file does not begin with SIMPLE: \(kind)"
  }

  private mutating func refuse(_ reason: String) {
    phase = .refused("HDU \(hdus.count) at byte \(headerStart): \(reason)")
  }

  /// `END` was seen: work out where the data end.
  private mutating func finishHeader() {
    let cards = header.count / RecordParser.recordBytes
    cardsSeen += cards
    guard cards <= limits.maxCardsPerHeader, cardsSeen <= limits.maxCards else {
      return refuse("more than \(min(limits.maxCardsPerHeader, limits.maxCards)) header records")
    }
    do throws(HDUExtent.Refusal) {
      let extent = try HDUExtent(keywords, isPrimary: hdus.isEmpty)
      let block = UInt64(Self.blockBytes)
      let (end, overflow) = position.addingReportingOverflow((extent.dataBytes + block - 1) / block * block)
      guard !overflow else { return refuse("its data end beyond any file") }
      hdus.append(hdu(extent, end: end))
      header.removeAll(keepingCapacity: true)
      phase = .data(end: end)
      if end == position { finishHDU() }
    } catch {
      refuse(error.reason)
    }
  }

  private func hdu(_ extent: HDUExtent, end: UInt64) -> HDUStructure {
    let xtension = Self.text(keywords.xtension)
    let version: Int = if case .integer(let number) = keywords.extver { Int(number) } else { 1 }
    return HDUStructure(
      index: hdus.count, headerOffset: headerStart, dataOffset: position, dataBytes: extent.dataBytes,
      endOffset: end, name: Self.text(keywords.extname), version: version,
      xtension: hdus.isEmpty ? "" : xtension, bitpix: extent.bitpix, axes: extent.axes,
      header: HeaderText(text: header.withUnsafeBufferPointer { ASCIIText.string($0) }),
      isCompressedImage: xtension == "BINTABLE" && keywords.zimage == .logical(true))
  }

  private static func text(_ value: Card.Value?) -> String {
    if case .string(let text) = value { text } else { "" }
  }

  /// The padding is behind us: judge the checksums and look for the next header.
  private mutating func finishHDU() {
    if verifying {
      verdicts.append(
        ChecksumVerdict(hdu: hdus.count - 1, checksum: checksumState(), datasum: datasumState()))
    }
    keywords = StructuralKeywords()
    headerSum = 0
    dataSum = 0
    headerStart = position
    phase = .header
  }

  /// An empty value means "not computed", as CFITSIO reads it.
  private func checksumState() -> ChecksumVerdict.State {
    guard let value = keywords.checksum else { return .absent }
    if Self.text(value).isEmpty { return .absent }
    let sum = checksumAdd(headerSum, dataSum)
    return sum == 0 || sum == .max ? .correct : .wrong
  }

  private func datasumState() -> ChecksumVerdict.State {
    switch keywords.datasum {
    case nil, .undefined, .string(""): .absent
    case .string(let text): UInt32(text.filter { $0 != " " }) == dataSum ? .correct : .wrong
    case .integer(let number): number == Int64(dataSum) ? .correct : .wrong
    default: .wrong
    }
  }
}
