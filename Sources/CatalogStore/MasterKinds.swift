/// Kinds of products that become references by themselves when they pass their checks.
public enum MasterKinds {
  public static let all = ["dark", "flat", "mask", "photom", "distortion"]

  /// As an SQL list, to the letter that of the index `product_master`.
  static let sql = "(" + all.map { "'\($0)'" }.joined(separator: ", ") + ")"
}
