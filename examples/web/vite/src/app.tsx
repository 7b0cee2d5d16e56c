import { useState } from "react";
import { TidyrankResults } from "tidyrank/react";
import { useRanking } from "./use-ranking.js";

const TYPES = ["apartment", "house", "office"];

export function App() {
  const [propertyType, setPropertyType] = useState("apartment");
  const [said, setSaid] = useState("");
  const { ranking, error, worker } = useRanking(propertyType);
  return (
    <main>
      <h1>Cleaners</h1>
      <label>
        What is to be cleaned{" "}
        <select value={propertyType} onChange={(event) => setPropertyType(event.target.value)}>
          {TYPES.map((type) => (
            <option key={type}>{type}</option>
          ))}
        </select>
      </label>
      <p id="state">{error ? `${error.code}: ${error.message}` : worker ? "from a worker" : "loading"}</p>
      <TidyrankResults
        ranking={ranking}
        loading={!ranking && !error}
        currency="EUR"
        headingLevel={2}
        onFeedback={({ detail }) => setSaid(`${detail.kind}: ${detail.item.name}`)}
      />
      <output id="said">{said}</output>
    </main>
  );
}
