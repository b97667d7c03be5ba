import FITSStructure

/// What the structure of a file tells about its level when the header does not say.
public struct FrameShape: Sendable, Hashable {
  /// Axes of the first HDU that has an image, NAXIS1 first; empty when the file has none.
  public var axes: [Int]
  /// `EXTNAME` of every extension, in order.
  public var extensionNames: [String]

  public init(axes: [Int], extensionNames: [String] = []) {
    self.axes = axes
    self.extensionNames = extensionNames.map { $0.uppercased() }
  }

  func has(_ name: String) -> Bool { extensionNames.contains(name) }
}

extension FrameShape {
  /// The shape of a file: that of its first image.
  public init(_ hdus: [HDUStructure]) {
    let image = hdus.first {
      $0.axes.count >= 2 && ($0.index == 0 || $0.xtension == "IMAGE" || $0.isCompressedImage)
    }
    self.init(axes: image?.axes ?? [], extensionNames: hdus.map(\.name))
  }
}
