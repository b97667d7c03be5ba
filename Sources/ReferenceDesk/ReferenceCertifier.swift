import FITSStructure
import Metadata
import References

/// Looks a reference file over: its own header, its HDUs, shapes, units and checksums, against the schema of its type.
/// What needs pixels is judged from a ``PixelCensus``.
public struct ReferenceCertifier: Sendable {
  public let headers: FileHeaders
  public let schema: ReferenceSchema
  /// The file's type, lower case.
  public let type: String
  private let context: RulesContext?

  /// - Parameters:
  ///   - type: what the file must be; nil for what its REFTYPE says.
  ///   - context: whose parkeys it must have; nil to leave those out.
  /// - Throws: `unknown-type` when neither says what it is.
  public init(
    _ headers: FileHeaders, type: String? = nil, context: RulesContext?
  ) throws(ReferenceDeskError) {
    guard let type = type ?? headers.text("REFTYPE") else {
      throw ReferenceDeskError(
        "unknown-type", "the file has no REFTYPE, so nothing says what it is", headers.path,
        hint: "say it with --type")
    }
    self.headers = headers
    self.type = type.lowercased()
    schema = ReferenceSchema.of(type)
    self.context = context
  }

  /// Everything that headers and structure tell.
  public func findings() -> [ReferenceFinding] {
    integrity() + identity() + match() + schema.planes.flatMap(plane) + shapes()
  }

  // MARK: the file

  private func integrity() -> [ReferenceFinding] {
    var findings: [ReferenceFinding] = []
    switch headers.structure.completeness {
    case .complete, .notFITS: break
    case .truncated(let have, let need, let place):
      findings.append(
        ReferenceFinding(.problem, "file", "truncated in \(place): \(have) of \(need) bytes are there"))
    case .stillGrowing(let have, let need):
      findings.append(ReferenceFinding(.problem, "file", "\(have) of \(need) bytes are there"))
    case .trailingBytes(let count):
      findings.append(ReferenceFinding(.warning, "file", "\(count) bytes follow the last HDU"))
    }
    for verdict in headers.verdicts {
      let name = hduName(verdict.hdu)
      if verdict.checksum == .wrong || verdict.datasum == .wrong {
        let keyword = verdict.datasum == .wrong ? "DATASUM" : "CHECKSUM"
        findings.append(ReferenceFinding(.problem, name, "\(keyword) does not fit the bytes"))
      } else if verdict.checksum == .absent || verdict.datasum == .absent {
        findings.append(ReferenceFinding(.warning, name, "no CHECKSUM and DATASUM"))
      }
    }
    return findings
  }

  private func hduName(_ index: Int) -> String {
    let name = headers.structure.hdus.indices.contains(index) ? headers.structure.hdus[index].name : ""
    return name.isEmpty ? "HDU \(index)" : name
  }

  // MARK: its own header

  private func identity() -> [ReferenceFinding] {
    var findings: [ReferenceFinding] = []
    if let own = headers.text("REFTYPE") {
      if own.lowercased() != type {
        findings.append(
          ReferenceFinding(.problem, "REFTYPE", "says \(own), and \(type.uppercased()) is wanted"))
      }
    } else {
      findings.append(ReferenceFinding(.problem, "REFTYPE", "is missing"))
    }
    for keyword in ["DESCRIP", "AUTHOR"] where headers.text(keyword) == nil {
      findings.append(ReferenceFinding(.problem, keyword, "is missing"))
    }
    findings.append(contentsOf: [pedigree(), useAfter(), instrument()].compactMap { $0 })
    return findings
  }

  private func pedigree() -> ReferenceFinding? {
    guard let text = headers.text("PEDIGREE") else {
      return ReferenceFinding(.problem, "PEDIGREE", "is missing")
    }
    let words = text.uppercased().split(separator: " ").map(String.init)
    switch words.first {
    case "GROUND", "DUMMY", "MODEL", "SIMULATION": return nil
    case "INFLIGHT":
      let days = words.dropFirst().filter { $0 != "-" }.compactMap { useAfterSeconds($0) }
      if words.count >= 3, days.count == 2, days[0] <= days[1] { return nil }
      return ReferenceFinding(.problem, "PEDIGREE", "'\(text)' is not INFLIGHT yyyy-mm-dd yyyy-mm-dd")
    default:
      return ReferenceFinding(
        .problem, "PEDIGREE", "'\(text)' is none of GROUND, DUMMY, MODEL, SIMULATION and INFLIGHT date date")
    }
  }

  private func useAfter() -> ReferenceFinding? {
    guard let text = headers.text("USEAFTER") else {
      return ReferenceFinding(.problem, "USEAFTER", "is missing")
    }
    guard canonicalUseAfter(text) == nil else { return nil }
    return ReferenceFinding(.problem, "USEAFTER", "'\(text)' is not yyyy-mm-dd hh:mm:ss")
  }

  private func instrument() -> ReferenceFinding? {
    guard let name = headers.text("INSTRUME") else {
      return ReferenceFinding(.warning, "INSTRUME", "is missing")
    }
    let wanted = (context?.cache.instrument ?? "iris").uppercased()
    return name.uppercased() == wanted
      ? nil : ReferenceFinding(.problem, "INSTRUME", "is \(name), and the rules are of \(wanted)")
  }

  /// Parkeys of the type's rmap: what the file's row is made of.
  private func match() -> [ReferenceFinding] {
    var missing: [String] = []
    var findings: [ReferenceFinding] = []
    for keyword in schema.requiredKeywords where headers.metadata.value(of: keyword) == nil {
      missing.append(keyword)
      findings.append(ReferenceFinding(.problem, keyword, "is missing, so no row can be found for it"))
    }
    guard let context else { return findings }
    guard let rules = context.rules(type: type) else {
      let types = context.types.joined(separator: ", ")
      let sentence =
        context.types.contains(type)
        ? "\(context.name) says that no \(type) applies (N/A in its imap)"
        : "\(context.name) has no rules for \(type); it has \(types)"
      findings.append(ReferenceFinding(.problem, "REFTYPE", sentence))
      return findings
    }
    let row = rules.matchValues(header: CRDSHeader(headers.metadata).values)
    for (parkey, value) in zip(rules.rowParkeys, row) where value == "UNDEFINED" {
      guard !missing.contains(where: { parkey.uppercased().hasSuffix($0) }) else { continue }
      findings.append(
        ReferenceFinding(
          .warning, parkey, "is not in the header: only frames that lack it too will get this \(type)"))
    }
    return findings
  }

  // MARK: its HDUs

  func hdu(_ plane: ReferenceSchema.Plane) -> HDUStructure? {
    for name in plane.names {
      if let found = headers.structure.hdus.first(where: { $0.name.uppercased() == name }) { return found }
    }
    // Plain old files have their image in the primary HDU.
    guard let primary = headers.structure.hdus.first, !primary.axes.isEmpty, plane.names.contains("SCI")
    else {
      return nil
    }
    return primary
  }

  private func plane(_ plane: ReferenceSchema.Plane) -> [ReferenceFinding] {
    guard let hdu = hdu(plane) else {
      return [
        ReferenceFinding(
          plane.isRequired ? .problem : .warning, plane.names[0],
          "there is no HDU \(plane.names.joined(separator: " or "))")
      ]
    }
    let name = hduName(hdu.index)
    guard let image = ImageShape(hdu) else { return [ReferenceFinding(.problem, name, "is not an image")] }
    var findings: [ReferenceFinding] = []
    if !plane.axes.contains(image.axes.count) {
      let wanted =
        plane.axes.count == 1
        ? "\(plane.axes.lowerBound)" : "\(plane.axes.lowerBound) to \(plane.axes.upperBound)"
      findings.append(ReferenceFinding(.problem, name, "has \(image.axes.count) axes, not \(wanted)"))
    }
    if plane.content == .flags, image.bitpix < 0 {
      findings.append(
        ReferenceFinding(.problem, name, "flags are whole numbers, and BITPIX is \(image.bitpix)"))
    }
    if let finding = unit(hdu, plane, name) { findings.append(finding) }
    return findings
  }

  private func unit(_ hdu: HDUStructure, _ plane: ReferenceSchema.Plane, _ name: String) -> ReferenceFinding?
  {
    guard let units = plane.units else { return nil }
    let card = hdu.header.cards.first { $0.keyword == "BUNIT" }
    let unit = (card?.string ?? "").filter { $0 != " " }.lowercased()
    if units.contains(unit) { return nil }
    if unit.isEmpty { return ReferenceFinding(.warning, name, "has no BUNIT") }
    let known = units.filter { !$0.isEmpty }.sorted().joined(separator: ", ")
    return ReferenceFinding(.problem, name, "BUNIT '\(card?.string ?? "")' is none of \(known)")
  }

  /// All planes of one shape, and of the window that the header gives.
  private func shapes() -> [ReferenceFinding] {
    let shapes = schema.planes.compactMap { plane -> (name: String, axes: [Int])? in
      guard let hdu = hdu(plane), let image = ImageShape(hdu), image.axes.count >= 2 else { return nil }
      return (hduName(hdu.index), image.axes)
    }
    guard let first = shapes.first else { return [] }
    var findings: [ReferenceFinding] = []
    for other in shapes.dropFirst() where Array(other.axes.prefix(2)) != Array(first.axes.prefix(2)) {
      findings.append(
        ReferenceFinding(
          .problem, other.name,
          "is \(other.axes[0]) x \(other.axes[1]), and \(first.name) is \(first.axes[0]) x \(first.axes[1])"))
    }
    if let window = headers.metadata.subarray, window.width != first.axes[0] || window.height != first.axes[1]
    {
      findings.append(
        ReferenceFinding(
          .problem, first.name,
          "is \(first.axes[0]) x \(first.axes[1]), and the header's window is \(window.width) x \(window.height)"
        ))
    }
    return findings
  }
}

/// Axes and BITPIX of an image HDU, also of a tile-compressed one.
struct ImageShape {
  let axes: [Int]
  let bitpix: Int

  /// nil when the HDU is no image.
  init?(_ hdu: HDUStructure) {
    guard hdu.isCompressedImage else {
      guard ["", "IMAGE"].contains(hdu.xtension), !hdu.axes.isEmpty else { return nil }
      axes = hdu.axes
      bitpix = hdu.bitpix
      return
    }
    func integer(_ keyword: String) -> Int? {
      hdu.header.cards.first { $0.keyword == keyword }?.integer.map(Int.init)
    }
    guard let count = integer("ZNAXIS"), (1...9).contains(count), let bitpix = integer("ZBITPIX") else {
      return nil
    }
    axes = (1...count).compactMap { integer("ZNAXIS\($0)") }
    self.bitpix = bitpix
  }
}

extension ReferenceCertifier {
  /// The planes whose pixels are counted.
  public enum PlaneRole: Sendable { case value, error, flags }

  /// The HDU of a plane, nil when the file has none that is an image.
  public func imageIndex(_ role: PlaneRole) -> Int? {
    let plane = schema.planes.first { plane in
      switch role {
      case .value: plane.content == .real && plane.names[0] != "ERR"
      case .error: plane.names[0] == "ERR"
      case .flags: plane.content == .flags
      }
    }
    return plane.flatMap(hdu).flatMap { ImageShape($0) == nil ? nil : $0.index }
  }
}
