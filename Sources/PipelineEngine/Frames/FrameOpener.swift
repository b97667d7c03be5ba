import FITSIO
import FITSStructure
import Metadata
import Pixels

/// Opens frames for a pipeline: reads headers, decides unit and errors, and says what it decided.
///
/// Every rule of entry is here: frames summed by the detector software (`adu`) become rates, frames without ERR get
/// one from GAIN, READNOIS and the sampling, and those without even that get their own scatter.
package struct FrameOpener: Sendable {
  let notes: RunNotes
  let say: @Sendable (String) -> Void

  package init(notes: RunNotes, say: @escaping @Sendable (String) -> Void) {
    self.notes = notes
    self.say = say
  }

  /// Opens a member; its pixels stay in the file.
  /// - Throws: `FITSError` or `EngineError` naming the file and the keyword.
  package func open(_ member: Member) throws -> Frame {
    let source = try FrameSource(path: member.path, cards: HeaderText(text: member.cards.joined()).cards)
    let metadata = FrameMetadata(primary: source.primary.cards, extensions: source.extensions)
    let window = try Self.window(of: metadata, source: source)
    let entry = try UnitEntry(source.unit, metadata: metadata, path: member.name)
    if let sentence = entry.note { tell(sentence) }
    var operations = entry.operations
    if !source.hasError {
      operations.append(try errors(for: metadata, source: source, entry: entry, name: member.name))
    }
    var frame = Frame(
      member: member, source: source, metadata: metadata, unit: entry.unit, window: window,
      darkShare: Self.darkShare(source.primary), operations: operations)
    frame.scienceHeader.set("BUNIT", .string(entry.unit))
    frame.subarrayMap = try source.readSubarrayMap()
    return frame
  }

  /// How much of the dark an earlier run left in the frame: `DARKSHAR` where a raw background was subtracted, else
  /// all or nothing by `S_DARK`.
  static func darkShare(_ header: Header) -> Float {
    header.double(Frame.darkShareKeyword).map { Float($0) }
      ?? (header.string("S_DARK") == "COMPLETE" ? 0 : 1)
  }

  /// The frame's place on its detector.
  static func window(of metadata: FrameMetadata, source: FrameSource) throws -> PixelWindow {
    try window(of: metadata, width: source.width, height: source.height, path: source.path)
  }

  /// The place on its detector of an image of `width` x `height` pixels.
  /// - Throws: `EngineError` `wrong-dimensions` when the header's window is of another size.
  static func window(
    of metadata: FrameMetadata, width: Int, height: Int, path: String
  ) throws -> PixelWindow {
    let whole = PixelWindow(x0: 0, y0: 0, width: width, height: height)
    guard let subarray = metadata.subarray else { return whole }
    let window = PixelWindow(
      x0: subarray.x0, y0: subarray.y0, width: subarray.width, height: subarray.height)
    guard window.width == width, window.height == height else {
      throw EngineError(
        "wrong-dimensions",
        "the header's window \(window.sectionText) is not of the image's size \(width) x \(height)",
        subject: fileName(of: path))
    }
    return window
  }

  private func errors(
    for metadata: FrameMetadata, source: FrameSource, entry: UnitEntry, name: String
  ) throws -> FrameOperation {
    if let model = NoiseModel(metadata), entry.isRate {
      tell("\(name) has no ERR: computed from GAIN, READNOIS and \(metadata.readMode ?? "the reads")")
      return FrameOperation { pixels, _ in model.fill(&pixels) }
    }
    let scatter = try source.scatter() / entry.divisor
    tell("\(name) has no ERR and no GAIN and READNOIS: its own scatter is used, flagged UNRELIABLE_ERROR")
    return FrameOperation { pixels, _ in
      pixels.error = Plane(width: pixels.width, height: pixels.height, repeating: scatter)
      pixels.raise(DQ.unreliableError)
    }
  }

  private func tell(_ sentence: String) {
    say(sentence)
    notes.note(sentence)
  }
}

extension NoiseModel {
  /// The model of a frame's header; nil when it does not say enough.
  package init?(_ metadata: FrameMetadata) {
    guard let gain = metadata.gain, gain > 0, let readNoise = metadata.readNoise, readNoise >= 0,
      let seconds = metadata.exposureSeconds, seconds > 0,
      let sampling = Sampling(mode: metadata.readMode, reads: metadata.nreads ?? metadata.ngroups)
    else { return nil }
    self.init(
      gain: gain, readNoise: readNoise, seconds: seconds, sampling: sampling,
      readSpacing: nil, repeats: max(1, metadata.nints ?? 1) * max(1, metadata.ncoadds ?? 1))
  }
}

extension FrameSource {
  /// Robust scatter of the image from differences of neighbours in a row, middle rows only; unit of the file.
  func scatter() throws -> Float {
    let middle = height / 2
    let band = try read(max(0, middle - 32)..<min(height, middle + 32))
    var differences: [Float] = []
    band.value.withUnsafeBuffer { values in
      for i in 1..<max(1, values.count) where i % width != 0 {
        let difference = abs(values[i] - values[i - 1])
        if difference.isFinite { differences.append(difference) }
      }
    }
    guard !differences.isEmpty else { return .nan }
    differences.sort()
    return 1.4826 * differences[differences.count / 2] / Float(2).squareRoot()
  }
}
