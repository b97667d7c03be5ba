import DataModels
import JobContract
import Logging
import Metadata

/// Turns the members of a request into the workpiece its pipeline starts from.
struct Assembly {
  let request: RunRequest
  let notes: RunNotes
  let log: Logger

  func workpiece() throws -> Workpiece {
    if request.configuration.pipeline.intake == .ramp { return try rampWorkpiece() }
    let opener = FrameOpener(notes: notes) { [log] in log.info("\($0)") }
    var work = Workpiece()
    let members = takenMembers()
    try checkCount(members.filter { $0.exptype != .background && $0.exptype != .dark }.count)
    for member in members {
      let frame = try opener.open(member)
      switch role(of: frame) {
      case .background: work.backgrounds.append(frame)
      case .dark: work.darks.append(frame)
      default: work.frames.append(frame)
      }
    }
    guard !work.frames.isEmpty else { throw noMember }
    if isMaster || request.configuration.pipeline.intake == .mosaic { try leaveOutFaulty(&work) }
    guard let first = work.frames.first else { throw noMember }
    try checkShapes(work, like: first)
    try checkBackgrounds(work, like: first)
    try checkCount(work.frames.count)
    noteFaults(work)
    // One frame is worked on in memory, so that each step's time is its own; sets are read in bands of rows.
    if request.configuration.pipeline.intake == .exposure { try work.frames[0].load() }
    return work
  }

  /// Members that the pipeline can use; the others are named in the notes and not opened.
  private func takenMembers() -> [Member] {
    let pipeline = request.configuration.pipeline
    let isRamp = pipeline.intake == .ramp
    let own = pipeline.referenceType
    let takesFlats =
      own == "flat" || own == "mask" || (own == nil && !pipeline.referenceTypes.contains("flat"))
    return request.members.filter { member in
      let isTaken =
        switch member.exptype {
        case .science, .readout: true
        case .background, .dark: !isRamp
        case .flat: !isRamp && takesFlats
        case .psf, .sourcecat, .engineering: false
        case .rawframe: isRamp
        }
      if !isTaken {
        log.info("\(member.name) is not used: \(pipeline.name) takes no \(member.exptype.rawValue)")
        notes.note("\(member.name) (\(member.exptype.rawValue)) is not used by \(pipeline.name)")
      }
      return isTaken
    }
  }

  /// Frames of another kind than the pipeline's own are helpers, by their exptype, else by their own OBSNAME.
  private func role(of frame: Frame) -> MemberType {
    let type = request.configuration.pipeline.referenceType
    let own = type.flatMap(MemberType.init(rawValue:))
    switch frame.member.exptype {
    // A mask is made of darks and flats alike.
    case .dark where type == "mask": return .science
    case .background: return type == "sky" ? .science : .background
    case .dark: return own == .dark ? .science : .dark
    case _ where own == .flat && frame.metadata.obsName?.hasSuffix("-DRK") == true: return .dark
    default: return .science
    }
  }

  private var noMember: EngineError {
    EngineError(
      "no-science-member",
      "the association has no member that \(request.configuration.pipeline.name) reduces",
      subject: request.associationTable ?? request.association ?? request.productFileName,
      hint: "give it a member of exptype 'science'")
  }

  /// Whether a set of frames is made into a reference.
  private var isMaster: Bool {
    let pipeline = request.configuration.pipeline
    return pipeline.intake == .set && pipeline.referenceType != nil
  }

  /// Takes aborted and BAD frames out of the set of a master or a mosaic before any step sees them, and says so: the
  /// search for sources, the levels and the places of the others must not depend on them.
  private func leaveOutFaulty(_ work: inout Workpiece) throws {
    let all = work.frames
    work.frames = all.filter { frame in
      guard let sentence = frame.leftOut else { return true }
      log.warning("\(sentence)")
      notes.degrade(sentence)
      return false
    }
    guard work.frames.isEmpty else { return }
    throw EngineError(
      "too-few-frames", "every frame is aborted or flagged BAD",
      subject: all.map(\.member.name).joined(separator: ", "),
      hint: "irisarchive flag NAME --quality GOOD when one of them is good after all")
  }

  /// Masters and mosaics lose their faulty frames; elsewhere what there is is used, and said.
  private func noteFaults(_ work: Workpiece) {
    for frame in work.frames + work.backgrounds + work.darks {
      noteFault(frame.metadata, frame.member.name)
    }
  }

  private func noteFault(_ metadata: FrameMetadata, _ name: String) {
    for words in metadata.faults {
      log.warning("\(name) is \(words)")
      notes.degrade("\(name) is \(words)")
    }
  }

  private func checkShapes(_ work: Workpiece, like first: Frame) throws {
    let all = work.frames + work.backgrounds + work.darks
    let mayDiffer = [.subarrays, .mosaic].contains(request.configuration.pipeline.intake)
    for frame in all where frame.window != first.window && !mayDiffer {
      throw EngineError(
        "wrong-window",
        "its window \(frame.window.sectionText) is not the window \(first.window.sectionText) of "
          + first.member.name, subject: frame.member.name)
    }
    for frame in all where frame.unit != first.unit {
      throw EngineError(
        "unit-mismatch", "it is in \(frame.unit) and \(first.member.name) in \(first.unit)",
        subject: frame.member.name)
    }
  }

  /// A background of another detector or filter is another sky; one of another exposure is taken, and said.
  private func checkBackgrounds(_ work: Workpiece, like first: Frame) throws {
    for frame in work.backgrounds {
      try frame.checkConfiguration(
        ["DETECTOR", "FILTER"], like: first, silence: .agrees,
        hint: "take a background of the science frame's configuration")
      for keyword in ["EXPTIME", "READMODE"] {
        guard let (found, wanted) = frame.difference(in: keyword, from: first, silence: .agrees) else {
          continue
        }
        let sentence =
          "the \(keyword) of the background \(frame.member.name) is \(found), the science frame's is \(wanted)"
        log.warning("\(sentence)")
        notes.degrade(sentence)
      }
    }
  }

  private func checkCount(_ count: Int) throws {
    guard request.configuration.pipeline.intake == .exposure, count > 1 else { return }
    throw EngineError(
      "two-science-members",
      "a level 2 product has exactly one science member, this association has \(count)",
      subject: request.associationTable ?? request.association ?? request.productFileName,
      hint: "make a product of each science frame, or pass the files themselves")
  }

  private func rampWorkpiece() throws -> Workpiece {
    let spacing = request.configuration.steps["ramp_fit"]?.parameters.number("read_spacing")
    let taken = takenMembers()
    let members = taken.filter { $0.exptype != .rawframe }
    let rawFrame = taken.first { $0.exptype == .rawframe }
    let paths = members.map(\.path)
    guard let first = members.first else { throw noMember }
    var work = Workpiece()
    if let live = request.live {
      work.ramp = try RampExposure(RampSource(live: live), members: members, live: live)
      return work
    }
    let ramp =
      paths.count == 1 && first.exptype != .readout
      ? try RampSource(reading: paths[0], readSpacing: spacing)
      : try RampSource(
        readouts: paths, readSpacing: spacing, rawFrame: rawFrame?.path, rules: try headerRules())
    noteFault(ramp.metadata, first.name)
    if let rawFrame { notes.note("class and configuration from the raw frame \(rawFrame.name)") }
    for sentence in ramp.headerNotes { notes.note(sentence) }
    for sentence in ramp.missingReads {
      log.warning("\(sentence)")
      notes.degrade(sentence)
    }
    work.ramp = try RampExposure(ramp, members: members)
    return work
  }

  private func headerRules() throws -> HeaderMerging {
    try request.configuration.steps["ramp_fit"]?.parameters.headerRules() ?? .standard
  }
}

extension ParameterSet {
  /// The table of rules by which the headers of reads become one, behind those of the parameter `header_rules`.
  public func headerRules() throws -> HeaderMerging {
    guard case .list(let own) = self["header_rules"] else { return .standard }
    return try HeaderMerging.standard.preceded(by: own)
  }
}
