#include "tessera/report/dataset_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tessera/metrics/table.h"

namespace tessera {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kShownSizes = 3;

std::string counted(std::size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string describe_sequences(const SplitInspection& split) {
  const auto& sequences = split.dataset->sequences();
  const auto [shortest, longest] =
      std::minmax_element(sequences.begin(), sequences.end(),
                          [](const auto& a, const auto& b) { return a.count < b.count; });
  const std::string frames = shortest->count == longest->count
                                 ? counted(shortest->count, "frame")
                                 : fmt::format("{} to {} frames", shortest->count, longest->count);
  return fmt::format("{} of {}, ", counted(sequences.size(), "sequence"), frames);
}

std::string describe_sizes(const SplitInspection& split) {
  std::string text;
  for (std::size_t i = 0; i < std::min(split.sizes.size(), kShownSizes); ++i)
    text += fmt::format("{}{}{}", text.empty() ? " of " : ", ", to_string(split.sizes[i].first),
                        split.sizes.size() > 1 ? fmt::format(" ({})", split.sizes[i].second) : "");
  if (split.sizes.size() > kShownSizes)
    text += fmt::format(" and {} more sizes", split.sizes.size() - kShownSizes);
  return text;
}

/// Tracks in videos, objects in still pictures.
const char* name_of_objects(const SplitInspection& split) {
  return split.sequences() > 0 ? "tracks" : "objects";
}

Table class_table(const SplitInspection& split) {
  Table table;
  table.header = {"class", "kind", "% of pixels", "pixels", "segments", name_of_objects(split)};
  ClassCount total;
  for (const std::size_t category : classes_by_pixels(split)) {
    const ClassInfo& info = split.dataset->classes()[category];
    const ClassCount& count = split.counts[category];
    table.rows.push_back({info.name, info.is_thing ? "thing" : "stuff",
                          format_percent(pixel_share(split, category), 2),
                          std::to_string(count.pixels), std::to_string(count.segments),
                          info.is_thing ? std::to_string(count.objects) : "-"});
    total.pixels += count.pixels;
    total.segments += count.segments;
    total.objects += count.objects;
  }
  table.rows.push_back({"all", "", "", std::to_string(total.pixels), std::to_string(total.segments),
                        std::to_string(total.objects)});
  return table;
}

std::string describe_rest(const SplitInspection& split) {
  std::string text;
  if (split.unlabelled_pixels > 0)
    text += fmt::format(
        "unlabelled: {} % of the pixels\n",
        format_percent(
            static_cast<double>(split.unlabelled_pixels) / static_cast<double>(split.pixels), 2));
  if (split.crowds > 0) text += fmt::format("groups that aren't told apart: {}\n", split.crowds);
  if (split.ignored > 0) text += fmt::format("ignored segments: {}\n", split.ignored);
  const std::size_t classes = split.dataset->classes().size();
  const std::size_t seen = classes_by_pixels(split).size();
  if (seen < classes)
    text += fmt::format("classes that don't occur: {} of {}\n", classes - seen, classes);
  return text;
}

std::string split_text(const SplitInspection& split) {
  std::string text = fmt::format("{}: {}\n", name_of(split.spec), describe_amount(split));
  if (split.dataset && split.has_labels && !split.readable.empty())
    text += to_text(class_table(split)) + describe_rest(split);
  for (const std::string& line : split.problems.lines()) text += fmt::format("PROBLEM: {}\n", line);
  return text;
}

ordered_json classes_json(const SplitInspection& split) {
  ordered_json list = ordered_json::array();
  for (std::size_t i = 0; i < split.counts.size(); ++i) {
    const ClassInfo& info = split.dataset->classes()[i];
    list.push_back({{"id", info.id},
                    {"name", info.name},
                    {"is_thing", info.is_thing},
                    {"pixels", split.counts[i].pixels},
                    {"segments", split.counts[i].segments},
                    {"objects", split.counts[i].objects}});
  }
  return list;
}

ordered_json split_json(const SplitInspection& split) {
  ordered_json sizes = ordered_json::array(), sequences = ordered_json::array(),
               problems = ordered_json::array();
  for (const auto& [size, count] : split.sizes)
    sizes.push_back({{"width", size.width}, {"height", size.height}, {"pictures", count}});
  if (split.dataset)
    for (const SequenceInfo& sequence : split.dataset->sequences())
      sequences.push_back({{"name", sequence.name}, {"frames", sequence.count}});
  for (const DatasetProblem& problem : split.problems.problems())
    problems.push_back({{"kind", to_string(problem.kind)}, {"item", problem.item}});
  return {{"format", to_string(split.spec.format)},
          {"root", split.spec.root.string()},
          {"split", split.spec.split},
          {"has_labels", split.has_labels},
          {"pictures", split.pictures()},
          {"readable", split.readable.size()},
          {"sequences", sequences},
          {"sizes", sizes},
          {"pixels", split.pixels},
          {"unlabelled_pixels", split.unlabelled_pixels},
          {"crowds", split.crowds},
          {"ignored", split.ignored},
          {"classes", classes_json(split)},
          {"problems", problems}};
}

}  // namespace

std::string name_of(const DatasetSpec& spec) {
  const std::string_view format = to_string(spec.format);
  return spec.split.empty() ? std::string(format) : fmt::format("{} {}", format, spec.split);
}

std::string describe_amount(const SplitInspection& split) {
  if (!split.dataset) return "can't be opened";
  return fmt::format("{}{}{}{}", split.sequences() > 0 ? describe_sequences(split) : "",
                     counted(split.pictures(), "picture"), describe_sizes(split),
                     split.has_labels ? "" : ", no labels");
}

std::vector<std::size_t> classes_by_pixels(const SplitInspection& split) {
  std::vector<std::size_t> order(split.counts.size());
  std::iota(order.begin(), order.end(), 0);
  std::erase_if(order, [&](std::size_t i) { return split.counts[i].segments == 0; });
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return split.counts[a].pixels > split.counts[b].pixels;
  });
  return order;
}

double pixel_share(const SplitInspection& split, std::size_t category) {
  return static_cast<double>(split.counts[category].pixels) /
         static_cast<double>(std::max<std::int64_t>(1, split.pixels));
}

std::string dataset_report_text(const std::vector<SplitInspection>& splits) {
  std::string text;
  for (const SplitInspection& split : splits)
    text += fmt::format("{}{}", text.empty() ? "" : "\n", split_text(split));
  return text;
}

std::string dataset_report_json(const std::vector<SplitInspection>& splits) {
  ordered_json list = ordered_json::array();
  for (const SplitInspection& split : splits) list.push_back(split_json(split));
  return ordered_json{{"splits", list}}.dump(2) + "\n";
}

}  // namespace tessera
