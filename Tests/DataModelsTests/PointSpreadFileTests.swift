import DataModels
import Foundation
import Testing

@Suite struct PointSpreadFileTests {
  /// A header may ask for any memory: what no PSF has is refused before any of it is taken.
  @Test(arguments: [[4097, 16], [16, 4097], [4, 4, 4097], [4096, 4096, 17], [4096, 4096, 4096]])
  func hugeAxesAreRefused(axes: [Int]) throws {
    let scratch = try Scratch()
    let lengths = axes.enumerated().map { ("NAXIS\($0.offset + 1)", "\($0.element)") }
    let cards = [("SIMPLE", "T"), ("BITPIX", "-32"), ("NAXIS", "\(axes.count)")] + lengths
    let records = cards.map { keyword, value in
      let field = String(repeating: " ", count: 20 - value.utf8.count) + value
      return (keyword.padding(toLength: 8, withPad: " ", startingAt: 0) + "= " + field)
        .padding(toLength: 80, withPad: " ", startingAt: 0)
    }
    let text = (records.joined() + "END").padding(toLength: 2880, withPad: " ", startingAt: 0)
    let path = scratch.file("psf.fits")
    try (Data(text.utf8) + Data(count: 2880)).write(to: URL(fileURLWithPath: path))
    #expect { try PointSpreadFile(path: path) } throws: { ($0 as? ModelError)?.code == "psf-axes" }
  }
}
