CREATE TABLE firsthand_effects (run TEXT PRIMARY KEY, outcome TEXT, at BIGINT NOT NULL);
CREATE FUNCTION firsthand_effects_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM firsthand_effects WHERE run = NEW.run AND outcome IS NULL) THEN
    RAISE EXCEPTION 'a run commits when it has ended: leave that to the desk';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER firsthand_effects_ended AFTER INSERT ON firsthand_effects
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION firsthand_effects_ended();
