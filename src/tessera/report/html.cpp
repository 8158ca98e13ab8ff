#include "tessera/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include "tessera/image/image_io.h"

namespace tessera::html {
namespace {

constexpr const char* kStyle = R"(
:root { --ink: #1b2130; --quiet: #667085; --line: #e4e7ec; --bar: #d3e2fc; --accent: #1d4ed8; --mark: #f59e0b; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 40px 28px 72px; color: var(--ink); background: #fff;
       font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 28px; margin: 0 0 6px; } h2 { font-size: 20px; margin: 44px 0 6px; }
p { margin: 0 0 14px; } .quiet { color: var(--quiet); font-weight: 400; } code { font-size: 13px; overflow-wrap: anywhere; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0; }
.tile { border: 1px solid var(--line); border-radius: 10px; padding: 12px 20px; min-width: 120px; color: var(--quiet); }
.tile b { display: block; font-size: 27px; line-height: 1.25; color: var(--accent); font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } .tables { display: flex; flex-wrap: wrap; gap: 0 64px; align-items: flex-start; }
.tables h2 { margin-top: 20px; } .tables > div { max-width: 100%; }
table { border-collapse: collapse; margin: 10px 0 24px; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 11px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.bar { min-width: 84px; }
th { color: var(--quiet); font-weight: 600; } th:first-child, td:first-child { text-align: left; }
tr.total td { font-weight: 700; border-top: 2px solid var(--ink); }
td.text { white-space: pre; font: 13px ui-monospace, "DejaVu Sans Mono", monospace; text-align: left; border: 0; padding: 2px 0; }
.matrix td { padding: 0; min-width: 32px; height: 25px; text-align: center; font-size: 11px; border: 1px solid #fff; }
.matrix th { font-size: 12px; padding: 2px 8px; border: 0; }
.matrix th.up { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; vertical-align: bottom; }
.key { display: inline-block; width: 13px; height: 13px; border-radius: 3px; border: 1px solid #0002; vertical-align: -2px; }
figure { margin: 0 0 28px; } figcaption { margin-bottom: 6px; } img { display: block; }
.row { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 10px; font-size: 13px; color: var(--quiet); }
.row img { width: 100%; border-radius: 5px; border: 1px solid var(--line); }
.strip { margin: 0; } .strip th, .strip td { border: 0; padding: 2px 3px; font-size: 12px; font-weight: 400; color: var(--quiet);
         text-align: center; } .strip th:first-child { text-align: right; padding-right: 10px; }
.strip th.marked { color: #b45309; font-weight: 700; } .strip td.marked img { outline: 3px solid var(--mark); }
.strip img { width: 128px; height: 128px; object-fit: contain; image-rendering: pixelated; border-radius: 4px; background: #f2f4f7; }
)";

std::optional<double> number_in(const std::string& cell) {
  double value = 0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (code != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
  return value;
}

/// What tables write where there is no number: nothing, or COCO's -1.
bool is_missing(const std::string& cell) { return cell == "-" || cell == "-1.000"; }

/// A line about a class that the data set does not have.
bool is_empty(const std::vector<std::string>& row) {
  return row.size() > 1 && std::all_of(row.begin() + 1, row.end(), is_missing);
}

/// The full length of a column's bars: 100 or 1 when its numbers are shares of that, 0 for no bars.
double bar_scale(const Table& table, std::size_t column) {
  double largest = 0;
  bool fraction = false;
  for (const auto& row : table.rows) {
    if (column >= row.size()) continue;
    const auto value = number_in(row[column]);
    if (!value || is_missing(row[column])) continue;
    if (*value < 0) return 0;
    largest = std::max(largest, *value);
    fraction = fraction || row[column].find('.') != std::string::npos;
  }
  // Whole numbers are counts.
  if (!fraction || largest == 0 || largest > 100) return 0;
  return largest <= 1 ? 1 : 100;
}

std::string cell(const std::string& text, double scale) {
  if (is_missing(text)) return "<td>–</td>";
  const auto value = number_in(text);
  if (!value || scale == 0) return fmt::format("<td>{}</td>", escape(text));
  return fmt::format(
      "<td class=\"bar\" style=\"background:linear-gradient(90deg,var(--bar) {0:.1f}%,transparent "
      "{0:.1f}%)\">{1}</td>",
      100 * *value / scale, escape(text));
}

bool is_total(const std::vector<std::string>& row) {
  constexpr std::array<std::string_view, 5> kNames = {"all", "All", "COMBINED_SEQ", "mean",
                                                      "mean of present classes"};
  return std::any_of(row.begin(), row.begin() + std::min<std::ptrdiff_t>(2, std::ssize(row)),
                     [&](const std::string& text) {
                       return std::find(kNames.begin(), kNames.end(), text) != kNames.end();
                     });
}

std::string caption(std::string_view name, std::string_view remark) {
  return fmt::format("<figcaption><b>{}</b> <span class=\"quiet\">{}</span></figcaption>\n",
                     escape(name), escape(remark));
}

}  // namespace

std::string escape(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < left ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= left ? kLetters[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{}</title>\n"
      "<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      escape(title), kStyle, body);
}

std::string title(std::string_view name, std::string_view subtitle,
                  const std::vector<NamedText>& lines) {
  std::string html = fmt::format("<h1>{} <span class=\"quiet\">{}</span></h1>\n<p class=\"quiet\">",
                                 escape(name), escape(subtitle));
  for (const auto& [what, text] : lines)
    html += fmt::format("{} <code>{}</code><br>", escape(what), escape(text));
  return html + "</p>\n";
}

std::string tiles(const std::vector<NamedText>& numbers) {
  std::string html = "<div class=\"tiles\">\n";
  for (const auto& [name, number] : numbers)
    html += fmt::format("<div class=\"tile\">{}<b>{}</b></div>\n", escape(name), escape(number));
  return html + "</div>\n";
}

std::string section(std::string_view heading, std::string_view explanation,
                    std::string_view content) {
  return fmt::format("<h2>{}</h2>\n<p class=\"quiet\">{}</p>\n{}", escape(heading), explanation,
                     content);
}

std::string table(const Table& table) {
  std::string html;
  if (!table.title.empty()) html += fmt::format("<h2>{}</h2>\n", escape(table.title));
  // A table of one column is text that an official program prints.
  const bool text_only = table.header.size() == 1;
  html += "<div class=\"wide\"><table>\n";
  if (!text_only) {
    html += "<tr>";
    for (const std::string& name : table.header) html += fmt::format("<th>{}</th>", escape(name));
    html += "</tr>\n";
  }
  std::vector<double> scales(table.header.size());
  for (std::size_t c = 1; c < scales.size(); ++c) scales[c] = bar_scale(table, c);
  for (const auto& row : table.rows) {
    if (is_empty(row)) continue;
    html += is_total(row) ? "<tr class=\"total\">" : "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c)
      html += text_only ? fmt::format("<td class=\"text\">{}</td>", escape(row[c]))
                        : cell(row[c], c < scales.size() ? scales[c] : 0);
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string tables(const std::vector<Table>& tables) {
  std::string html = "<div class=\"tables\">\n";
  for (const Table& each : tables) html += "<div>" + table(each) + "</div>\n";
  return html + "</div>\n";
}

std::string confusion_matrix(const std::vector<std::vector<std::int64_t>>& counts,
                             std::span<const std::string> rows,
                             std::span<const std::string> columns) {
  std::string html = "<div class=\"wide\"><table class=\"matrix\">\n<tr><th></th>";
  for (const std::string& name : columns)
    html += fmt::format("<th class=\"up\">{}</th>", escape(name));
  html += "</tr>\n";
  for (std::size_t r = 0; r < counts.size(); ++r) {
    const auto sum =
        static_cast<double>(std::accumulate(counts[r].begin(), counts[r].end(), std::int64_t{0}));
    if (sum == 0) continue;  // a class that the ground truth does not have
    html += fmt::format("<tr><th>{}</th>", escape(rows[r]));
    for (std::size_t c = 0; c < counts[r].size(); ++c) {
      const double share = static_cast<double>(counts[r][c]) / sum;
      html += fmt::format(
          "<td title=\"{} pixels\" style=\"background:rgba({},{:.3f});color:{}\">{}</td>",
          counts[r][c], rows[r] == columns[c] ? "29,78,216" : "220,38,38", std::sqrt(share),
          share > 0.3 ? "#fff" : "#1b2130",
          share >= 0.005 ? fmt::format("{:.0f}", 100 * share) : "");
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string picture(const Image& image, std::string_view description) {
  return fmt::format("<img alt=\"{}\" src=\"data:image/png;base64,{}\">", escape(description),
                     base64(encode_png(image, 9)));
}

std::string figure(std::string_view name, std::string_view remark,
                   const std::vector<std::pair<std::string, Image>>& pictures) {
  std::string html = "<figure>" + caption(name, remark) + "<div class=\"row\">";
  for (const auto& [what, image] : pictures)
    html += fmt::format("<div>{}{}</div>\n", picture(image, what), escape(what));
  return html + "</div></figure>\n";
}

std::string strip(std::string_view name, std::string_view remark,
                  const std::vector<std::string>& rows, const std::vector<StripColumn>& columns) {
  const auto mark = [](const StripColumn& column) {
    return column.marked ? " class=\"marked\"" : "";
  };
  std::string html = "<figure>" + caption(name, remark) +
                     "<div class=\"wide\"><table class=\"strip\">\n<tr><th></th>";
  for (const StripColumn& column : columns)
    html += fmt::format("<th{}>{}</th>", mark(column), escape(column.name));
  html += "</tr>\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    html += fmt::format("<tr><th>{}</th>", escape(rows[r]));
    for (const StripColumn& column : columns)
      html += fmt::format("<td{}>{}</td>", mark(column), picture(column.pictures[r], rows[r]));
    html += "</tr>\n";
  }
  return html + "</table></div></figure>\n";
}

}  // namespace tessera::html
