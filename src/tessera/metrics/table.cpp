#include "tessera/metrics/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tessera {
namespace {

void append_row(std::string& text, const std::vector<std::string>& row,
                const std::vector<std::size_t>& widths) {
  for (std::size_t column = 0; column < row.size(); ++column)
    text += column == 0 ? fmt::format("{:<{}}", row[column], widths[column])
                        : fmt::format("  {:>{}}", row[column], widths[column]);
  text += '\n';
}

}  // namespace

std::string to_text(const Table& table) {
  std::vector<std::size_t> widths(table.header.size(), 0);
  const auto widen = [&widths](const std::vector<std::string>& row) {
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  };
  widen(table.header);
  for (const auto& row : table.rows) widen(row);
  std::size_t total = 2 * (widths.empty() ? 0 : widths.size() - 1);
  for (const std::size_t width : widths) total += width;

  std::string text = table.title.empty() ? "" : table.title + "\n";
  append_row(text, table.header, widths);
  text += std::string(total, '-') + "\n";
  for (const auto& row : table.rows) append_row(text, row, widths);
  return text;
}

std::string format_number(double value, int decimals) {
  return std::isnan(value) ? "-" : fmt::format("{:.{}f}", value, decimals);
}

std::string format_percent(double fraction, int decimals) {
  return format_number(100 * fraction, decimals);
}

}  // namespace tessera
