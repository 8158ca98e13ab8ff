#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tessera/image/image.h"
#include "tessera/metrics/table.h"

/// Pieces of self-contained HTML pages: no script, nothing fetched from elsewhere. Text is escaped
/// unless it says that it is HTML.
namespace tessera::html {

/// Text made safe between tags and in attributes.
std::string escape(std::string_view text);
std::string base64(std::span<const std::uint8_t> bytes);

/// A whole page around the HTML of its body, with the style that all pages share.
std::string page(std::string_view title, std::string_view body);

using NamedText = std::pair<std::string, std::string>;
/// The head of a page, with lines such as "predictions: results/".
std::string title(std::string_view name, std::string_view subtitle,
                  const std::vector<NamedText>& lines);
/// Big numbers with their names.
std::string tiles(const std::vector<NamedText>& numbers);
/// A heading over a line of explanation and content, both HTML.
std::string section(std::string_view heading, std::string_view explanation,
                    std::string_view content);

/// A table; cells of a column that holds shares of 100 (or of 1) get bars behind them. Lines
/// without any number are left out.
std::string table(const Table& table);
/// Side by side where there is room.
std::string tables(const std::vector<Table>& tables);

/// Counts, each row's share by colour.
std::string confusion_matrix(const std::vector<std::vector<std::int64_t>>& counts,
                             std::span<const std::string> rows,
                             std::span<const std::string> columns);

/// An <img> that carries its picture as a PNG.
std::string picture(const Image& image, std::string_view description);
/// Pictures of one thing side by side.
std::string figure(std::string_view name, std::string_view remark,
                   const std::vector<std::pair<std::string, Image>>& pictures);

struct StripColumn {
  std::string name;
  bool marked = false;
  std::vector<Image> pictures;  ///< one a row
};
/// Small pictures over time, a row a side.
std::string strip(std::string_view name, std::string_view remark,
                  const std::vector<std::string>& rows, const std::vector<StripColumn>& columns);

}  // namespace tessera::html
