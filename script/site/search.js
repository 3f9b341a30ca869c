/* The search of the site: lunr over the sections of all pages (parts.js). The index is made at the
 * first letter, so that a page which nobody searches costs nothing. */
var search = (function () {
	var index;

	/* "conn:setverifyname(name)" is found by any of its words, too. */
	function words(text) {
		return text + " " + text.replace(/[^A-Za-z0-9_]+/g, " ");
	}

	function make() {
		return lunr(function () {
			var builder = this;

			builder.ref("i");
			builder.field("title", { boost: 10 });
			builder.field("text");
			/* Names are no English words, and "on" or "have" may be meant. */
			builder.pipeline.reset();
			builder.searchPipeline.reset();
			builder.pipeline.add(lunr.trimmer);
			parts.forEach(function (part, i) {
				builder.add({ i: i, title: words(part.t), text: words(part.x) });
			});
		});
	}

	/* Sections with all words of a text, the best first. The last word may be a beginning. */
	return function (text) {
		var asked = text.toLowerCase().replace(/[^a-z0-9_]+/g, " ").trim();

		if (asked === "" || asked.length < 2)
			return [];
		index = index || make();
		return index.query(function (query) {
			asked.split(" ").forEach(function (word) {
				query.term(word, { boost: 10 });
				query.term(word, { wildcard: lunr.Query.wildcard.TRAILING });
			});
		}).map(function (result) { return parts[result.ref]; })
		.filter(function (part) {
			var all = words(part.n + " " + part.t + " " + part.x).toLowerCase();

			return asked.split(" ").every(function (word) {
				return all.indexOf(word) >= 0;
			});
		}).slice(0, 20);
	};
})();

if (typeof document !== "undefined") {
	(function () {
		var query = document.getElementById("query");
		var found = document.getElementById("found");

		query.addEventListener("input", function () {
			var list = search(query.value);

			found.innerHTML = "";
			found.hidden = list.length === 0;
			list.forEach(function (part) {
				var item = document.createElement("li");
				var link = document.createElement("a");
				var small = document.createElement("small");

				link.href = document.body.dataset.up + part.p;
				link.textContent = part.t;
				small.textContent = part.n + ": " + part.x.slice(0, 140);
				item.appendChild(link);
				item.appendChild(small);
				found.appendChild(item);
			});
		});
	})();
}
