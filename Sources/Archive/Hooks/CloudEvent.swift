import CatalogStore
import Foundation

/// The CloudEvents 1.0 form of an event, on one line.
public enum CloudEvent {
  /// The event of a delivery as one line of JSON, its end of line included.
  public static func line(_ delivery: DueDelivery, root: String) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let form = Form(
      specversion: "1.0", id: delivery.eventID, source: "irisarchive:\(root)",
      type: "org.iris.archive.\(delivery.type)", subject: delivery.subject,
      time: Date(timeIntervalSince1970: delivery.time).ISO8601Format(
        Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
      datacontenttype: "application/json",
      data: (try? JSONDecoder().decode(EventData.self, from: Data(delivery.data.utf8))) ?? EventData())
    // A struct of strings always encodes.
    return ((try? encoder.encode(form)) ?? Data()) + Data("\n".utf8)
  }

  private struct Form: Encodable {
    var specversion: String
    var id: String
    var source: String
    var type: String
    var subject: String
    var time: String
    var datacontenttype: String
    var data: EventData
  }
}
