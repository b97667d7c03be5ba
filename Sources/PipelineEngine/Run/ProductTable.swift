import FITSIO
import Tables

/// A table that a step made: a product of its own beside the image (a source catalog), or the product itself where its
/// kind is the pipeline's (a zero point).
public struct ProductTable: Sendable {
  /// Kind suffix of the product, e.g. `cat`.
  public var kind: String
  /// `DATAMODL` of the product.
  public var dataModel: String
  /// EXTNAME of the table.
  public var extensionName: String
  /// Cards of the table's header.
  public var header: Header
  /// What is in it.
  public var table: Table
  /// Whether the same is written as ECSV beside the FITS file: by hand only, the archive keeps FITS.
  public var wantsECSV: Bool

  public init(
    kind: String, dataModel: String, extensionName: String, header: Header = Header(), table: Table,
    wantsECSV: Bool = false
  ) {
    self.kind = kind
    self.dataModel = dataModel
    self.extensionName = extensionName
    self.header = header
    self.table = table
    self.wantsECSV = wantsECSV
  }
}
